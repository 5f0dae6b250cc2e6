create table assayer.policies (
  hash text collate "C" primary key,
  name text not null,
  effective_from text collate "C" not null,
  record bigint not null references assayer.records
);

create table assayer.monitors (
  monitor text collate "C" primary key,
  endpoint text collate "C" not null,
  release text collate "C" not null references assayer.releases,
  policy text collate "C" not null references assayer.policies,
  record bigint not null references assayer.records
);

create table assayer.evidence (
  id text collate "C" primary key,
  monitor text collate "C" not null references assayer.monitors,
  run text collate "C" not null references assayer.runs,
  time text collate "C" not null,
  record bigint not null references assayer.records
);
create index evidence_monitor on assayer.evidence (monitor, record);

create table assayer.decisions (
  id text collate "C" primary key,
  monitor text collate "C" not null references assayer.monitors,
  policy text collate "C" references assayer.policies,
  outcome text not null,
  record bigint not null references assayer.records
);
create index decisions_monitor on assayer.decisions (monitor, record);

create table assayer.decision_evidence (
  decision text collate "C" not null references assayer.decisions,
  evidence text collate "C" not null references assayer.evidence,
  primary key (decision, evidence)
);
create index decision_evidence_evidence on assayer.decision_evidence (evidence);

create table assayer.approvals (
  record bigint primary key references assayer.records,
  hash text collate "C" not null,
  approver text collate "C" not null
);
create index approvals_hash on assayer.approvals (hash);

create table assayer.heads (
  record bigint primary key references assayer.records,
  sequence bigint not null,
  hash text collate "C" not null,
  key text collate "C" not null
);
