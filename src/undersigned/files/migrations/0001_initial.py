import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Blob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(help_text='Hexadecimal, lower case.', max_length=64)),
                ('size', models.PositiveBigIntegerField(help_text='Bytes.')),
                ('storage_key', models.CharField(max_length=200)),
                ('media_type', models.CharField(help_text='As found by looking at the bytes, not as declared.', max_length=200)),
                ('scan_status', models.CharField(choices=[('none', 'None'), ('clean', 'Clean'), ('infected', 'Infected')], default='none', max_length=10)),
                ('scanned_at', models.DateTimeField(blank=True, null=True)),
                ('staged_at', models.DateTimeField(help_text='When its bytes were last brought; the sweep spares a blob for a while after.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='blobs', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['staged_at'], name='blob_staged')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'sha256'), name='blob_content')],
            },
        ),
        migrations.CreateModel(
            name='File',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pub', models.CharField(blank=True, help_text="In its dialect's format.", max_length=100, null=True)),
                ('kind', models.CharField(choices=[('upload', 'Upload'), ('session', 'Session'), ('resource', 'Resource'), ('version', 'Version'), ('archive', 'Archive'), ('appearance', 'Appearance'), ('evidence', 'Evidence')], max_length=12)),
                ('name', models.CharField(max_length=255)),
                ('title', models.CharField(blank=True, max_length=255)),
                ('pages', models.PositiveIntegerField(blank=True, help_text='Counted by walking the page tree; null when it is no PDF that takes signatures.', null=True)),
                ('importance', models.CharField(blank=True, max_length=20)),
                ('media_type', models.CharField(blank=True, help_text='As declared by whoever brought it.', max_length=200)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
                ('wire', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by_credential', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.credential')),
                ('created_by_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='accounts.organization')),
                ('blob', models.ForeignKey(db_index=False, help_text='Null once erased.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='files.blob')),
            ],
            options={
                'indexes': [models.Index(fields=['blob'], name='file_blob'), models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='file_expiry')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('pub__isnull', False)), fields=('kind', 'pub'), name='file_pub')],
            },
        ),
        migrations.CreateModel(
            name='ArchiveEntry',
            fields=[
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='archive_entry', serialize=False, to='files.file')),
                ('origin', models.CharField(help_text='Public id of the envelope; no foreign key, it may be gone.', max_length=200)),
                ('renew_at', models.DateTimeField(null=True)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('evidence', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.file')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
            ],
        ),
    ]
