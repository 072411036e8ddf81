import django.db.models.deletion
import undersigned.base.vault
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='OneTimeCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.BigIntegerField()),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'Sms')], max_length=5)),
                ('seed', models.BinaryField(max_length=16)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['subject_kind', 'subject_id', '-id'], name='one_time_code_subject')],
            },
        ),
        migrations.CreateModel(
            name='Provider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(help_text='How interfaces name it: ftn, nbid…', max_length=40)),
                ('name', models.CharField(help_text="In full, as on the signer's button.", max_length=100)),
                ('logo', models.BinaryField(help_text='PNG.', null=True)),
                ('issuer', models.CharField(max_length=500)),
                ('client_id', models.CharField(max_length=200)),
                ('client_secret', undersigned.base.vault.EncryptedTextField(help_text='Null for a public client.', null=True)),
                ('scope', models.CharField(default='openid profile', max_length=200)),
                ('acr_values', models.CharField(blank=True, max_length=200)),
                ('prompt', models.CharField(default='login', max_length=40)),
                ('claims', models.JSONField(default=dict, help_text="Ours (name, given_name, family_name, national_id, birthdate, email, phone) to the provider's names.")),
                ('level', models.CharField(default='strong', max_length=40)),
                ('asked_as', models.JSONField(default=list, help_text='Names by which APIs ask for it, beside its key: nbid-sign, nbid-mobil…')),
                ('position', models.PositiveIntegerField(default=0)),
                ('demo', models.BooleanField(default=False)),
                ('disabled_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organization', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='identity_providers', to='accounts.organization')),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('organization', 'key'), name='identity_provider_key'), models.UniqueConstraint(condition=models.Q(('organization__isnull', True)), fields=('key',), name='identity_provider_of_all')],
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.BigIntegerField()),
                ('asked_as', models.CharField(blank=True, help_text='The name by which the sender asked for the provider.', max_length=100)),
                ('moment', models.CharField(default='open', help_text='As `IdentityProof.moment`: "open", "sign".', max_length=4)),
                ('state_hash', models.BinaryField(max_length=32, unique=True)),
                ('nonce', models.CharField(max_length=64)),
                ('verifier', undersigned.base.vault.EncryptedTextField(help_text='PKCE code verifier (RFC 7636).')),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='identity.provider')),
            ],
        ),
    ]
