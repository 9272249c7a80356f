"""Pure protocol knowledge of OpenID Federation: no Django, no clock, no socket.

The room is founded here so that its walls stand before its first tenant; the statements, chains and
policies themselves arrive with the federation part of the plan.
"""
