"""The policy in force: its rules, and a linter."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import policies as shapes
from registry import clock, linting, policies, queries
from registry.states import Environment, Route


class Rules(Resource):
    scopes = {"GET": Scope.POLICIES_READ}

    @documented("List the rules in force", shapes.Rules, filters=shapes.RulesWanted)
    def get(self, request: Request) -> Response:
        return self.told(shapes.Rules, policies.rules_in_force(**self.asked(shapes.RulesWanted)))


class Lint(Resource):
    scopes = {"POST": Scope.POLICIES_READ}

    @documented(
        "Judge a document without registering it", shapes.Linted, reads=shapes.LintWanted, refuses=(404,)
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = queries.organization(self.viewer, slug), self.body(shapes.LintWanted)
        environment, route = Environment(said["environment"]), Route(said.get("route", Route.DYNAMIC))
        found = linting.lint(target.pk, environment, said["metadata"], route=route, now=clock.now())
        return Response(shapes.Linted(found).data)
