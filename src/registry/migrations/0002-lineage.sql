create table assayer.teams (
  team text collate "C" primary key,
  title text not null,
  record bigint not null references assayer.records
);

create table assayer.definitions (
  endpoint text collate "C" not null,
  -- '' for the definition that all share
  variant text collate "C" not null,
  hash text collate "C" not null,
  record bigint not null references assayer.records,
  primary key (endpoint, variant)
);
create index definitions_hash on assayer.definitions (hash);

create table assayer.assays (
  endpoint text collate "C" not null,
  assay text collate "C" not null,
  variant text collate "C" not null,
  record bigint not null references assayer.records,
  primary key (endpoint, assay)
);

create table assayer.contracts (
  hash text collate "C" primary key,
  record bigint not null references assayer.records
);

create table assayer.datasets (
  hash text collate "C" primary key,
  endpoint text collate "C" not null,
  definition text collate "C" not null,
  record bigint not null references assayer.records
);

create table assayer.feature_sets (
  hash text collate "C" primary key,
  contract text collate "C" not null references assayer.contracts,
  input text collate "C" not null,
  record bigint not null references assayer.records
);

create table assayer.artifacts (
  hash text collate "C" primary key,
  endpoint text collate "C" not null,
  version text not null,
  contract text collate "C" not null references assayer.contracts,
  dataset text collate "C" not null references assayer.datasets,
  record bigint not null references assayer.records
);
create index artifacts_dataset on assayer.artifacts (dataset);

create table assayer.releases (
  hash text collate "C" primary key,
  endpoint text collate "C" not null,
  sequence bigint not null,
  version text not null,
  outcome text not null,
  artifact text collate "C",
  team text collate "C",
  record bigint not null references assayer.records,
  unique (endpoint, sequence)
);

create table assayer.runs (
  run text collate "C" primary key,
  command text not null,
  team text collate "C",
  started_at text collate "C" not null,
  record bigint not null references assayer.records
);

create table assayer.edges (
  run text collate "C" not null,
  direction text not null check (direction in ('in', 'out')),
  role text collate "C" not null,
  hash text collate "C" not null,
  primary key (run, direction, role, hash)
);
create index edges_hash on assayer.edges (hash, direction);
