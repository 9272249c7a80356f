"""Sign-in: who may, with what, and for how long; the step-up that guards grave acts."""

from django.http import HttpRequest
