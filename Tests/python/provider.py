"""An OpenID Connect provider (oidc-provider-mock) whose access tokens are JWTs (RFC 9068) for the `resource` that the client names.

Prints `listening on URL`. Whoever signs in is believed. The claim `org` is that of --org.
"""

import argparse

import flask
import oidc_provider_mock
import werkzeug.serving
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator


# What makes the tokens asks users for their name in this way.
oidc_provider_mock.User.get_user_id = lambda user: user.sub


class Tokens(JWTBearerTokenGenerator):
    def __init__(self, issuer, org):
        super().__init__(issuer=issuer)
        self.org = org

    def get_jwks(self):
        return flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)

    def get_audiences(self, client, user, scope):
        return flask.request.form.get("resource") or client.get_client_id()

    def get_extra_claims(self, client, grant_type, user, scope):
        return {"org": self.org}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--org", default="acme")
    given = parser.parse_args()
    app = oidc_provider_mock.app()
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    issuer = f"http://127.0.0.1:{server.server_port}"
    tokens = Tokens(issuer, given.org)

    @app.before_request
    def make_jwts():
        flask.g._authlib_authorization_server.register_token_generator("default", tokens)

    print(f"listening on {issuer}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
