import django.db.models.deletion
import django.utils.timezone
import undersigned.base.vault
from django.conf import settings
from django.db import migrations, models

from undersigned.base.immutable import refuse


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dialect', models.CharField(max_length=20)),
                ('pub', models.CharField(help_text="Public id, in the dialect's format; also the Standard Webhooks id.", max_length=64)),
                ('private_id', models.CharField(blank=True, help_text='Known to sender and receiver only; never an address.', max_length=64)),
                ('kind', models.CharField(max_length=64)),
                ('body', models.BinaryField()),
                ('envelope_id', models.BigIntegerField(help_text='No foreign key: envelopes lie above this room.', null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhook_events', to='accounts.organization')),
                ('owner_user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhook_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['envelope_id'], name='webhook_event_envelope')],
                'constraints': [models.UniqueConstraint(fields=('dialect', 'pub'), name='webhook_event_pub')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('envelope_id', models.BigIntegerField(help_text='No foreign key: envelopes lie above this room.', null=True)),
                ('recipient_id', models.BigIntegerField(null=True)),
                ('purpose', models.CharField(max_length=40)),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'Sms'), ('push', 'Push'), ('webhook', 'Webhook'), ('url', 'Url')], max_length=10)),
                ('address', undersigned.base.vault.EncryptedTextField(help_text="Mail address, E.164 number, or id of one of the user's devices; null for webhooks.", null=True)),
                ('params', undersigned.base.vault.EncryptedTextField(help_text='`params.Params` as JSON.')),
                ('language', models.CharField(default='en', max_length=16)),
                ('dedup_key', models.CharField(max_length=200, unique=True)),
                ('not_before', models.DateTimeField(null=True)),
                ('still_if', models.CharField(blank=True, help_text='Condition for the guard; empty: always wanted.', max_length=200)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sent', 'Sent'), ('failed', 'Failed'), ('dropped', 'Dropped')], default='queued', max_length=10)),
                ('transport', models.CharField(blank=True, choices=[('smtp', 'Smtp'), ('sms', 'Sms'), ('push', 'Push'), ('http', 'Http'), ('outbox', 'Outbox')], max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('last_error', undersigned.base.vault.EncryptedTextField(help_text='Encrypted, since servers repeat addresses in their answers.', null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('credential', models.ForeignKey(help_text="Its URL is read at each attempt. A webhook without one goes to the endpoint that the event's owner configured.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='accounts.credential')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='accounts.organization')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to=settings.AUTH_USER_MODEL)),
                ('webhook_event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='delivery.webhookevent')),
            ],
            options={
                'indexes': [models.Index(fields=['envelope_id'], name='message_envelope'), models.Index(condition=models.Q(('state', 'queued')), fields=['next_attempt_at'], name='message_waiting'), models.Index(condition=models.Q(('state', 'failed')), fields=['organization', 'id'], name='message_failed')],
            },
        ),
        migrations.CreateModel(
            name='MessageAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('sent', 'Sent'), ('retry', 'Retry'), ('failed', 'Failed'), ('dropped', 'Dropped')], max_length=10)),
                ('answer', undersigned.base.vault.EncryptedTextField(help_text="The server's own words, at most 500 characters.")),
                ('duration_ms', models.PositiveIntegerField()),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='delivery.message')),
            ],
            options={
                'indexes': [models.Index(fields=['message', 'at'], name='message_attempt_time')],
            },
        ),
        refuse("delivery_webhookevent"),
    ]
