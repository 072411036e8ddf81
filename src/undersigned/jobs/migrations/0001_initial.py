import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=100)),
                ('payload', models.JSONField(default=dict)),
                ('priority', models.SmallIntegerField(choices=[(1, 'High'), (0, 'Normal'), (-1, 'Low')], default=0)),
                ('run_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('token', models.UUIDField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('dead', 'Dead')], default='waiting', max_length=7)),
                ('error', models.TextField(blank=True)),
                ('unique_key', models.CharField(max_length=200, null=True, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['priority', 'run_at'], name='job_waiting'), models.Index(condition=models.Q(('state', 'done')), fields=['finished_at'], name='job_done'), models.Index(condition=models.Q(('state', 'dead')), fields=['id'], name='job_dead')],
            },
        ),
    ]
