import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('files', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SigningIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pub', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('provider', models.CharField(choices=[('server', 'made here'), ('pkcs12', 'brought as a PKCS#12 file')], max_length=10)),
                ('label', models.CharField(max_length=200)),
                ('certificate', models.BinaryField(help_text='DER')),
                ('chain', models.JSONField(default=list, help_text='Further certificates, PEM, issuer first.')),
                ('private_key', models.BinaryField(help_text='PKCS#8 DER, encrypted by the vault for context sealing.identity')),
                ('not_after', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('appearance', models.ForeignKey(help_text='Shown in the visible signature.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.file')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Key',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('root', 'Root'), ('signers', 'issuing authority for signers and seals'), ('timestamps', 'issuing authority for time-stamping'), ('signers-ocsp', 'Signer Ocsp'), ('timestamps-ocsp', 'Timestamp Ocsp'), ('tsa', 'time-stamping unit'), ('seal', "an organisation's seal")], max_length=20)),
                ('owner', models.CharField(blank=True, help_text="Organisation's id for seals, empty otherwise.", max_length=64)),
                ('name', models.CharField(help_text='Word in addresses: /crl/<name>.crl', max_length=80, unique=True)),
                ('certificate', models.BinaryField(help_text='DER')),
                ('private_key', models.BinaryField(help_text='PKCS#8 DER, encrypted by the vault for context sealing.key')),
                ('created_at', models.DateTimeField()),
                ('not_after', models.DateTimeField()),
                ('retired_at', models.DateTimeField(help_text='Replaced: signs nothing new.', null=True)),
                ('revoked_at', models.DateTimeField(help_text='On the CRL since.', null=True)),
                ('issuer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='issued', to='sealing.key')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('purpose', 'owner'), name='one_key_in_use')],
            },
        ),
    ]
