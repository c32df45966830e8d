"""The same three calls in Django REST framework with its JSON:API package, on the same tables.

Keys are looked up, bodies checked by serializers, a job and its operations are on the disk before
202. Served by gunicorn; the database is named by the environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from datetime import UTC, datetime, timedelta

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["PEER_DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "pragma journal_mode = wal; pragma synchronous = full",
            },
        }
    },
    DATA_UPLOAD_MAX_MEMORY_SIZE=5_000_000,
    INSTALLED_APPS=["rest_framework", "rest_framework_json_api"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={
        "DEFAULT_PAGINATION_CLASS": (
            "rest_framework_json_api.pagination.JsonApiPageNumberPagination"
        ),
        "DEFAULT_PARSER_CLASSES": ["rest_framework_json_api.parsers.JSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework_json_api.renderers.JSONRenderer"],
        "DEFAULT_METADATA_CLASS": "rest_framework_json_api.metadata.JSONAPIMetadata",
        "EXCEPTION_HANDLER": "rest_framework_json_api.exceptions.exception_handler",
        "PAGE_SIZE": 100,
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF="application",
    SECRET_KEY=secrets.token_hex(16),
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the settings come first
from django.db import models, transaction  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import authentication, exceptions, generics, status  # noqa: E402
from rest_framework import serializers as plain  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework_json_api import serializers  # noqa: E402

JOB = "catalog-item-bulk-create-job"


class Key(models.Model):
    """A key that opens an account."""

    key_id = models.TextField(primary_key=True)
    account = models.TextField()
    hash = models.TextField()
    revoked_at = models.TextField(null=True)

    class Meta:
        """It is the server's table."""

        app_label, managed, db_table = "bench", False, "keys"


class Job(models.Model):
    """A bulk job."""

    job_id = models.TextField(primary_key=True)
    account = models.TextField()
    type = models.TextField()
    status = models.TextField()
    created_at = models.TextField()
    expires_at = models.TextField()
    completed_at = models.TextField(null=True)
    total_count = models.IntegerField()
    completed_count = models.IntegerField(default=0)
    failed_count = models.IntegerField(default=0)
    errors = models.TextField(default="[]")
    linkage = models.TextField(default="[]")

    class Meta:
        """It is the server's table."""

        app_label, managed, db_table = "bench", False, "jobs"


class JobOperations(models.Model):
    """What is still to be applied."""

    job_id = models.TextField(primary_key=True)
    account = models.TextField()
    operations = models.TextField()

    class Meta:
        """It is the server's table."""

        app_label, managed, db_table = "bench", False, "job_operations"


class Caller:
    """Who asks."""

    is_authenticated = True

    def __init__(self, account: str) -> None:
        self.account = account


class KeyAuthentication(authentication.BaseAuthentication):
    """Looks keys up."""

    def authenticate(self, request):  # noqa: ANN001, ANN201 - the framework's
        key = request.headers["Authorization"].removeprefix("Klaviyo-API-Key ")
        datetime.fromisoformat(request.headers["revision"])
        hashed = hashlib.sha256(key.encode()).hexdigest()
        account = key.split("_")[1]
        found = Key.objects.filter(account=account, hash=hashed, revoked_at=None).first()
        if found is None:
            raise exceptions.AuthenticationFailed
        return Caller(found.account), found


class ItemAttributes(plain.Serializer):
    """An item as it is sent."""

    external_id = plain.CharField()
    title = plain.CharField()
    description = plain.CharField()
    url = plain.CharField()
    integration_type = plain.CharField(default="$custom")
    catalog_type = plain.CharField(default="$default", allow_null=True)
    price = plain.FloatField(default=None, allow_null=True)
    image_full_url = plain.CharField(default=None, allow_null=True)
    image_thumbnail_url = plain.CharField(default=None, allow_null=True)
    images = plain.ListField(child=plain.CharField(), default=None, allow_null=True)
    custom_metadata = plain.DictField(default=None, allow_null=True)
    published = plain.BooleanField(default=True, allow_null=True)


class Item(plain.Serializer):
    """One operation."""

    type = plain.ChoiceField(["catalog-item"])
    attributes = ItemAttributes()


class Items(plain.Serializer):
    """All operations."""

    data = Item(many=True, min_length=1, max_length=100)


class JobSerializer(serializers.ModelSerializer):
    """A job both ways."""

    items = Items(write_only=True)
    errors = plain.SerializerMethodField()

    def get_errors(self, job):  # noqa: ANN001, ANN201
        return json.loads(job.errors)

    class Meta:
        """What is shown."""

        model = Job
        resource_name = JOB
        counted = ("total_count", "completed_count", "failed_count")
        fields = ("items", "status", "created_at", *counted, "completed_at", "errors", "expires_at")
        read_only_fields = fields[1:]

    def create(self, validated):  # noqa: ANN001, ANN201
        now = datetime.now(UTC)
        items, account = validated["items"]["data"], self.context["request"].user.account
        with transaction.atomic():
            job = Job.objects.create(
                job_id=f"{time.time_ns():016X}{secrets.token_hex(5).upper()}",
                account=account,
                type=JOB,
                status="processing",
                created_at=now.isoformat(),
                expires_at=(now + timedelta(days=7)).isoformat(),
                total_count=len(items),
            )
            JobOperations.objects.create(
                job_id=job.job_id, account=account, operations=json.dumps(items)
            )
        return job


class Jobs(generics.ListCreateAPIView):
    """The list, and new jobs."""

    authentication_classes = (KeyAuthentication,)
    serializer_class = JobSerializer
    resource_name = JOB

    def get_queryset(self):  # noqa: ANN201
        return Job.objects.filter(account=self.request.user.account, type=JOB).order_by("-job_id")

    def create(self, request, *arguments, **named):  # noqa: ANN001, ANN002, ANN003, ANN201
        answer = super().create(request, *arguments, **named)
        return Response(answer.data, status.HTTP_202_ACCEPTED)


class OneJob(generics.RetrieveAPIView):
    """One job."""

    authentication_classes = (KeyAuthentication,)
    serializer_class = JobSerializer
    resource_name = JOB

    def get_queryset(self):  # noqa: ANN201
        return Job.objects.filter(account=self.request.user.account, type=JOB)


urlpatterns = [
    path("api/catalog-item-bulk-create-jobs", Jobs.as_view()),
    path("api/catalog-item-bulk-create-jobs/<str:pk>", OneJob.as_view()),
]
application = get_wsgi_application()
