from typing import ClassVar

from django.db import models

class TokenChecksumField(models.CharField[str, str]): ...
class ResourceJSONField(models.JSONField): ...

class AbstractApplication(models.Model):
    CLIENT_CONFIDENTIAL: str
    CLIENT_PUBLIC: str
    GRANT_AUTHORIZATION_CODE: str
    GRANT_CLIENT_CREDENTIALS: str

    id = models.BigAutoField(primary_key=True)
    client_id = models.CharField(max_length=255)
    redirect_uris = models.TextField()
    post_logout_redirect_uris = models.TextField()
    client_type = models.CharField(max_length=32)
    authorization_grant_type = models.CharField(max_length=44)
    client_secret = models.CharField(max_length=255)
    hash_client_secret = models.BooleanField()
    name = models.CharField(max_length=255)
    skip_authorization = models.BooleanField()
    created = models.DateTimeField()
    updated = models.DateTimeField()
    algorithm = models.CharField(max_length=5)
    allowed_origins = models.TextField()
    registration_source = models.CharField(max_length=32)
    cimd_expires_at = models.DateTimeField(null=True)

    class Meta:
        abstract: ClassVar[bool] = True

class AbstractGrant(models.Model):
    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=255)
    expires = models.DateTimeField()
    redirect_uri = models.TextField()
    scope = models.TextField()
    created = models.DateTimeField()
    updated = models.DateTimeField()
    code_challenge = models.CharField(max_length=128)
    code_challenge_method = models.CharField(max_length=10)
    nonce = models.CharField(max_length=255)
    claims = models.TextField()
    resource = ResourceJSONField()

    class Meta:
        abstract: ClassVar[bool] = True

class AbstractAccessToken(models.Model):
    id = models.BigAutoField(primary_key=True)
    token = models.TextField()
    token_checksum = TokenChecksumField(max_length=64)
    expires = models.DateTimeField()
    scope = models.TextField()
    resource = ResourceJSONField()
    created = models.DateTimeField()
    updated = models.DateTimeField()

    class Meta:
        abstract: ClassVar[bool] = True

class AbstractRefreshToken(models.Model):
    id = models.BigAutoField(primary_key=True)
    token = models.TextField()
    token_checksum = TokenChecksumField(max_length=64)
    token_family = models.UUIDField(null=True)
    resource = ResourceJSONField()
    created = models.DateTimeField()
    updated = models.DateTimeField()
    revoked = models.DateTimeField(null=True)

    class Meta:
        abstract: ClassVar[bool] = True

class AbstractIDToken(models.Model):
    id = models.BigAutoField(primary_key=True)
    jti = models.UUIDField()
    expires = models.DateTimeField()
    scope = models.TextField()
    created = models.DateTimeField()
    updated = models.DateTimeField()

    class Meta:
        abstract: ClassVar[bool] = True

class AbstractDeviceGrant(models.Model):
    id = models.BigAutoField(primary_key=True)
    device_code = models.CharField(max_length=100)
    user_code = models.CharField(max_length=100)
    scope = models.TextField()
    interval = models.IntegerField()
    expires = models.DateTimeField()
    status = models.CharField(max_length=64)
    client_id = models.CharField(max_length=100)
    last_checked = models.DateTimeField()

    class Meta:
        abstract: ClassVar[bool] = True
