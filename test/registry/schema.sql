-- columns
approvals.record bigint not null
approvals.hash text collate C not null
approvals.approver text collate C not null
artifacts.hash text collate C not null
artifacts.endpoint text collate C not null
artifacts.version text not null
artifacts.contract text collate C not null
artifacts.dataset text collate C not null
artifacts.record bigint not null
assay_events.event text collate C not null
assay_events.endpoint text collate C not null
assay_events.assay text collate C not null
assay_events.since text collate C not null
assay_events.reporter text collate C not null
assay_events.reported bigint not null
assay_events.confirmer text collate C
assay_events.confirmed bigint
assays.endpoint text collate C not null
assays.assay text collate C not null
assays.variant text collate C not null
assays.record bigint not null
bundles.record bigint not null
bundles.hash text collate C not null
bundles.direction text not null
bundles.peer text collate C not null
chain_head.one boolean not null default true
chain_head.sequence bigint not null
chain_head.hash text collate C
chain_head.time text collate C
contracts.hash text collate C not null
contracts.record bigint not null
datasets.hash text collate C not null
datasets.endpoint text collate C not null
datasets.definition text collate C not null
datasets.record bigint not null
decision_evidence.decision text collate C not null
decision_evidence.evidence text collate C not null
decisions.id text collate C not null
decisions.monitor text collate C not null
decisions.policy text collate C
decisions.outcome text not null
decisions.record bigint not null
definitions.endpoint text collate C not null
definitions.variant text collate C not null
definitions.hash text collate C not null
definitions.record bigint not null
edges.run text collate C not null
edges.direction text not null
edges.role text collate C not null
edges.hash text collate C not null
evidence.id text collate C not null
evidence.monitor text collate C not null
evidence.run text collate C not null
evidence.time text collate C not null
evidence.record bigint not null
feature_sets.hash text collate C not null
feature_sets.contract text collate C not null
feature_sets.input text collate C not null
feature_sets.record bigint not null
heads.record bigint not null
heads.sequence bigint not null
heads.hash text collate C not null
heads.key text collate C not null
labels.record bigint not null
labels.endpoint text collate C not null
labels.assay text collate C not null
labels.compound text collate C not null
labels.value double precision not null
labels.relation text not null
labels.unit text not null
labels.measured_at text collate C not null
labels.recorded_at text collate C not null
migrations.name text collate C not null
migrations.sha256 text not null
monitor_events.id text collate C not null
monitor_events.monitor text collate C not null
monitor_events.kind text not null
monitor_events.time text collate C not null
monitor_events.record bigint not null
monitors.monitor text collate C not null
monitors.endpoint text collate C not null
monitors.release text collate C not null
monitors.policy text collate C not null
monitors.record bigint not null
policies.hash text collate C not null
policies.name text not null
policies.effective_from text collate C not null
policies.record bigint not null
records.sequence bigint not null
records.kind text collate C not null
records.subject text collate C not null
records.team text collate C
records.time text collate C not null
records.previous text collate C
records.body text not null
records.hash text collate C not null
releases.hash text collate C not null
releases.endpoint text collate C not null
releases.sequence bigint not null
releases.version text not null
releases.outcome text not null
releases.artifact text collate C
releases.team text collate C
releases.record bigint not null
retrains.decision text collate C not null
retrains.monitor text collate C not null
retrains.endpoint text collate C not null
retrains.stage text not null
retrains.artifact text collate C
retrains.record bigint not null
runs.run text collate C not null
runs.command text not null
runs.team text collate C
runs.started_at text collate C not null
runs.record bigint not null
submissions.record bigint not null
submissions.endpoint text collate C not null
submissions.assay text collate C not null
submissions.compound text collate C not null
submissions.submitted_at text collate C not null
teams.team text collate C not null
teams.title text not null
teams.record bigint not null
told.record bigint not null
told.decision text collate C not null
told.receiver text not null
told.delivered boolean not null

-- constraints
assayer.approvals FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.approvals PRIMARY KEY (record)
assayer.artifacts FOREIGN KEY (contract) REFERENCES assayer.contracts(hash)
assayer.artifacts FOREIGN KEY (dataset) REFERENCES assayer.datasets(hash)
assayer.artifacts FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.artifacts PRIMARY KEY (hash)
assayer.assay_events FOREIGN KEY (confirmed) REFERENCES assayer.records(sequence)
assayer.assay_events FOREIGN KEY (reported) REFERENCES assayer.records(sequence)
assayer.assay_events PRIMARY KEY (event)
assayer.assays FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.assays PRIMARY KEY (endpoint, assay)
assayer.bundles FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.bundles PRIMARY KEY (record)
assayer.chain_head CHECK (one)
assayer.chain_head PRIMARY KEY (one)
assayer.contracts FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.contracts PRIMARY KEY (hash)
assayer.datasets FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.datasets PRIMARY KEY (hash)
assayer.decision_evidence FOREIGN KEY (decision) REFERENCES assayer.decisions(id)
assayer.decision_evidence FOREIGN KEY (evidence) REFERENCES assayer.evidence(id)
assayer.decision_evidence PRIMARY KEY (decision, evidence)
assayer.decisions FOREIGN KEY (monitor) REFERENCES assayer.monitors(monitor)
assayer.decisions FOREIGN KEY (policy) REFERENCES assayer.policies(hash)
assayer.decisions FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.decisions PRIMARY KEY (id)
assayer.definitions FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.definitions PRIMARY KEY (endpoint, variant)
assayer.edges CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text])))
assayer.edges PRIMARY KEY (run, direction, role, hash)
assayer.evidence FOREIGN KEY (monitor) REFERENCES assayer.monitors(monitor)
assayer.evidence FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.evidence FOREIGN KEY (run) REFERENCES assayer.runs(run)
assayer.evidence PRIMARY KEY (id)
assayer.feature_sets FOREIGN KEY (contract) REFERENCES assayer.contracts(hash)
assayer.feature_sets FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.feature_sets PRIMARY KEY (hash)
assayer.heads FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.heads PRIMARY KEY (record)
assayer.labels FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.labels PRIMARY KEY (record)
assayer.migrations PRIMARY KEY (name)
assayer.monitor_events FOREIGN KEY (monitor) REFERENCES assayer.monitors(monitor)
assayer.monitor_events FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.monitor_events PRIMARY KEY (id)
assayer.monitors FOREIGN KEY (policy) REFERENCES assayer.policies(hash)
assayer.monitors FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.monitors FOREIGN KEY (release) REFERENCES assayer.releases(hash)
assayer.monitors PRIMARY KEY (monitor)
assayer.policies FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.policies PRIMARY KEY (hash)
assayer.records PRIMARY KEY (sequence)
assayer.records UNIQUE (hash)
assayer.releases FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.releases PRIMARY KEY (hash)
assayer.retrains FOREIGN KEY (decision) REFERENCES assayer.decisions(id)
assayer.retrains FOREIGN KEY (monitor) REFERENCES assayer.monitors(monitor)
assayer.retrains FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.retrains PRIMARY KEY (decision)
assayer.runs FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.runs PRIMARY KEY (run)
assayer.submissions FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.submissions PRIMARY KEY (record)
assayer.teams FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.teams PRIMARY KEY (team)
assayer.told FOREIGN KEY (decision) REFERENCES assayer.decisions(id)
assayer.told FOREIGN KEY (record) REFERENCES assayer.records(sequence)
assayer.told PRIMARY KEY (record)

-- indexes
CREATE INDEX approvals_hash ON assayer.approvals USING btree (hash)
CREATE INDEX artifacts_dataset ON assayer.artifacts USING btree (dataset)
CREATE INDEX bundles_hash ON assayer.bundles USING btree (hash)
CREATE INDEX decision_evidence_evidence ON assayer.decision_evidence USING btree (evidence)
CREATE INDEX decisions_monitor ON assayer.decisions USING btree (monitor, record)
CREATE INDEX definitions_hash ON assayer.definitions USING btree (hash)
CREATE INDEX edges_hash ON assayer.edges USING btree (hash, direction)
CREATE INDEX evidence_monitor ON assayer.evidence USING btree (monitor, record)
CREATE INDEX labels_compound ON assayer.labels USING btree (endpoint, assay, compound, record)
CREATE INDEX monitor_events_monitor ON assayer.monitor_events USING btree (monitor, record)
CREATE INDEX records_subject ON assayer.records USING btree (kind, subject, sequence)
CREATE INDEX retrains_artifact ON assayer.retrains USING btree (artifact)
CREATE INDEX submissions_compound ON assayer.submissions USING btree (endpoint, assay, compound)
CREATE INDEX told_decision ON assayer.told USING btree (decision, record)
CREATE UNIQUE INDEX approvals_pkey ON assayer.approvals USING btree (record)
CREATE UNIQUE INDEX artifacts_pkey ON assayer.artifacts USING btree (hash)
CREATE UNIQUE INDEX assay_events_pkey ON assayer.assay_events USING btree (event)
CREATE UNIQUE INDEX assays_pkey ON assayer.assays USING btree (endpoint, assay)
CREATE UNIQUE INDEX bundles_pkey ON assayer.bundles USING btree (record)
CREATE UNIQUE INDEX chain_head_pkey ON assayer.chain_head USING btree (one)
CREATE UNIQUE INDEX contracts_pkey ON assayer.contracts USING btree (hash)
CREATE UNIQUE INDEX datasets_pkey ON assayer.datasets USING btree (hash)
CREATE UNIQUE INDEX decision_evidence_pkey ON assayer.decision_evidence USING btree (decision, evidence)
CREATE UNIQUE INDEX decisions_pkey ON assayer.decisions USING btree (id)
CREATE UNIQUE INDEX definitions_pkey ON assayer.definitions USING btree (endpoint, variant)
CREATE UNIQUE INDEX edges_pkey ON assayer.edges USING btree (run, direction, role, hash)
CREATE UNIQUE INDEX evidence_pkey ON assayer.evidence USING btree (id)
CREATE UNIQUE INDEX feature_sets_pkey ON assayer.feature_sets USING btree (hash)
CREATE UNIQUE INDEX heads_pkey ON assayer.heads USING btree (record)
CREATE UNIQUE INDEX labels_pkey ON assayer.labels USING btree (record)
CREATE UNIQUE INDEX migrations_pkey ON assayer.migrations USING btree (name)
CREATE UNIQUE INDEX monitor_events_pkey ON assayer.monitor_events USING btree (id)
CREATE UNIQUE INDEX monitors_pkey ON assayer.monitors USING btree (monitor)
CREATE UNIQUE INDEX policies_pkey ON assayer.policies USING btree (hash)
CREATE UNIQUE INDEX records_hash_key ON assayer.records USING btree (hash)
CREATE UNIQUE INDEX records_pkey ON assayer.records USING btree (sequence)
CREATE UNIQUE INDEX releases_pkey ON assayer.releases USING btree (hash)
CREATE UNIQUE INDEX releases_place ON assayer.releases USING btree (endpoint, COALESCE(team, ''::text), sequence)
CREATE UNIQUE INDEX retrains_pkey ON assayer.retrains USING btree (decision)
CREATE UNIQUE INDEX runs_pkey ON assayer.runs USING btree (run)
CREATE UNIQUE INDEX submissions_pkey ON assayer.submissions USING btree (record)
CREATE UNIQUE INDEX teams_pkey ON assayer.teams USING btree (team)
CREATE UNIQUE INDEX told_pkey ON assayer.told USING btree (record)

-- triggers
CREATE TRIGGER records_stay BEFORE DELETE OR UPDATE ON assayer.records FOR EACH ROW EXECUTE FUNCTION assayer.refuse_change()
CREATE TRIGGER records_stay_all BEFORE TRUNCATE ON assayer.records FOR EACH STATEMENT EXECUTE FUNCTION assayer.refuse_change()

-- functions
refuse_change: begin
  raise exception 'records are never changed or removed';
end
