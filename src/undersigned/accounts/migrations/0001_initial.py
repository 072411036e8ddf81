import datetime
import django.db.models.deletion
import undersigned.base.vault
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('language', models.CharField(default='en', max_length=16)),
                ('business_id', models.CharField(blank=True, max_length=64)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('sandbox', models.BooleanField(default=False, help_text='Test clock, demo eID and sandbox signer work here only.')),
                ('clock_offset', models.DurationField(default=datetime.timedelta, help_text='Moves domain time; sandbox organisations only.')),
                ('default_expire_days', models.PositiveIntegerField(blank=True, null=True)),
                ('retention_signed_months', models.PositiveIntegerField(blank=True, null=True)),
                ('retention_unsigned_months', models.PositiveIntegerField(blank=True, null=True)),
                ('retention_other_months', models.PositiveIntegerField(blank=True, null=True)),
                ('login_secret', undersigned.base.vault.EncryptedTextField(help_text="Shared with the organisation's own login service, which vouches for its people.", null=True)),
                ('settings', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('pub', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('username', models.CharField(max_length=150)),
                ('email', models.EmailField(blank=True, db_index=True, max_length=254)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('surname', models.CharField(blank=True, max_length=200)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('language', models.CharField(blank=True, max_length=16)),
                ('role', models.CharField(choices=[('admin', 'Admin'), ('member', 'Member'), ('signer', 'Signer')], default='member', max_length=20)),
                ('capabilities', models.JSONField(default=list)),
                ('kind', models.CharField(choices=[('person', 'Person'), ('robot', 'Robot')], default='person', max_length=10)),
                ('automatic', models.BooleanField(default=False, help_text='Signs by itself, with its own key, when its turn comes.')),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('extra', models.JSONField(default=dict, help_text='What programs keep with the user.')),
                ('template_data', models.JSONField(default=dict, help_text='Values for text fields of templates.')),
                ('wire', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='users', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'username'), name='user_name_in_organization')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bucket', models.CharField(max_length=100)),
                ('subject', models.BinaryField(max_length=32)),
                ('at', models.DateTimeField()),
                ('count', models.PositiveIntegerField(default=1)),
            ],
            options={
                'indexes': [models.Index(fields=['bucket', 'subject', 'at'], name='attempt_window')],
            },
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dialect', models.CharField(max_length=20)),
                ('kind', models.CharField(choices=[('api_key', 'Api Key'), ('oauth_client', 'Oauth Client'), ('lifetime', 'Lifetime'), ('device', 'Device')], max_length=20)),
                ('reach', models.CharField(choices=[('account', 'Account'), ('robot', 'Robot'), ('client', 'Client'), ('user', 'User')], max_length=10)),
                ('description', models.CharField(max_length=200)),
                ('client_id', models.CharField(help_text='Names an OAuth client; no secret.', max_length=100, null=True)),
                ('secret_hash', models.BinaryField(max_length=32, unique=True)),
                ('secret', undersigned.base.vault.EncryptedTextField(null=True)),
                ('enabled', models.BooleanField(default=True)),
                ('webhook_url', models.CharField(blank=True, max_length=2000)),
                ('webhook_secret', undersigned.base.vault.EncryptedTextField(help_text='Standard Webhooks secret, whsec_….', null=True)),
                ('scopes', models.JSONField(default=list)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='credentials', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credentials', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['user', 'dialect'], name='credential_user')],
                'constraints': [models.UniqueConstraint(fields=('dialect', 'client_id'), name='credential_client_id')],
            },
        ),
        migrations.CreateModel(
            name='AccessToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('refresh_hash', models.BinaryField(help_text='Of the token that renews it (RFC 6749, 6).', max_length=32, null=True)),
                ('refresh_until', models.DateTimeField(null=True)),
                ('family_hash', models.BinaryField(help_text='Of what all tokens that renew each other have in common.', max_length=32, null=True, unique=True)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('scopes', models.JSONField(default=list)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='access_tokens', to=settings.AUTH_USER_MODEL)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_tokens', to='accounts.credential')),
            ],
        ),
        migrations.CreateModel(
            name='DeviceChallenge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_hash', models.BinaryField(max_length=32, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='device_challenge', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='EndpointConfig',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dialect', models.CharField(help_text='Whose events go to the URL: each API words its own.', max_length=20)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('secret', undersigned.base.vault.EncryptedTextField(help_text='Standard Webhooks secret, whsec_….', null=True)),
                ('headers', undersigned.base.vault.EncryptedTextField(help_text='JSON: name to list of values.', null=True)),
                ('auth', undersigned.base.vault.EncryptedTextField(help_text='JSON: mode (basic, digest), username, password, client key and certificate.', null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='endpoint', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PasswordToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_hash', models.BinaryField(max_length=32, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='password_tokens', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('device_id', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=200)),
                ('push_token', undersigned.base.vault.EncryptedTextField(null=True)),
                ('registered_at', models.DateTimeField()),
                ('credential', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='device', to='accounts.credential')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'device_id'), name='device_of_user')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('request_digest', models.BinaryField(max_length=32)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('headers', models.JSONField(default=dict)),
                ('body', undersigned.base.vault.EncryptedTextField(null=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('credential', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='accounts.credential')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('credential', 'key'), name='idempotency_key')],
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('members', models.ManyToManyField(related_name='groups', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='groups', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'name'), name='group_name_in_organization')],
            },
        ),
    ]
