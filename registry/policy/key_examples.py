"""Public keys of the standards' own examples, for the examples of the rules about keys."""

from collections.abc import Mapping

from registry.policy.rule import Example, example
from registry.strict_json import Json

EC_KEY: Mapping[str, Json] = {  # RFC 7515 A.3
    "kty": "EC",
    "crv": "P-256",
    "kid": "ec",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
OKP_KEY: Mapping[str, Json] = {  # RFC 8037 A.2
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "okp",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
RSA_KEY: Mapping[str, Json] = {  # RFC 7638 §3.1
    "kty": "RSA",
    "kid": "rsa",
    "e": "AQAB",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    ),
}


def holding(*keys: Mapping[str, Json], **facts: object) -> Example:
    return example(facts, jwks={"keys": [dict(key) for key in keys]})


def without(key: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    return {member: value for member, value in key.items() if member != name}
