create table assayer.submissions (
  record bigint primary key references assayer.records,
  endpoint text collate "C" not null,
  assay text collate "C" not null,
  compound text collate "C" not null,
  submitted_at text collate "C" not null
);
create index submissions_compound on assayer.submissions (endpoint, assay, compound);

create table assayer.labels (
  record bigint primary key references assayer.records,
  endpoint text collate "C" not null,
  assay text collate "C" not null,
  compound text collate "C" not null,
  value double precision not null,
  relation text not null,
  unit text not null,
  measured_at text collate "C" not null,
  recorded_at text collate "C" not null
);
create index labels_compound on assayer.labels (endpoint, assay, compound, record);

create table assayer.assay_events (
  event text collate "C" primary key,
  endpoint text collate "C" not null,
  assay text collate "C" not null,
  since text collate "C" not null,
  reporter text collate "C" not null,
  reported bigint not null references assayer.records,
  confirmer text collate "C",
  confirmed bigint references assayer.records
);
