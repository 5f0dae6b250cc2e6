create table assayer.monitor_events (
  id text collate "C" primary key,
  monitor text collate "C" not null references assayer.monitors,
  kind text not null,
  time text collate "C" not null,
  record bigint not null references assayer.records
);
create index monitor_events_monitor on assayer.monitor_events (monitor, record);

-- One row for each decision that asked for a retrain; the stage is the last one recorded.
create table assayer.retrains (
  decision text collate "C" primary key references assayer.decisions,
  monitor text collate "C" not null references assayer.monitors,
  endpoint text collate "C" not null,
  stage text not null,
  artifact text collate "C",
  record bigint not null references assayer.records
);
create index retrains_artifact on assayer.retrains (artifact);

create table assayer.told (
  record bigint primary key references assayer.records,
  decision text collate "C" not null references assayer.decisions,
  receiver text not null,
  delivered boolean not null
);
create index told_decision on assayer.told (decision, record);

create table assayer.bundles (
  record bigint primary key references assayer.records,
  hash text collate "C" not null,
  direction text not null,
  peer text collate "C" not null
);
create index bundles_hash on assayer.bundles (hash);

-- Two teams may each have a first release of an endpoint.
alter table assayer.releases drop constraint releases_endpoint_sequence_key;
create unique index releases_place on assayer.releases (endpoint, coalesce(team, ''), sequence);
