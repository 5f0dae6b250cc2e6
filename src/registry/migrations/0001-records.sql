-- The chain. Every other table but assayer.migrations follows from it. Columns that are compared or sorted have the
-- collation "C", so that every database sorts them alike.
create table assayer.records (
  sequence bigint primary key,
  kind text collate "C" not null,
  subject text collate "C" not null,
  team text collate "C",
  time text collate "C" not null,
  previous text collate "C",
  body text not null,
  hash text collate "C" not null unique
);
create index records_subject on assayer.records (kind, subject, sequence);

-- One row: appending takes its lock, so that appends come one after another.
create table assayer.chain_head (
  one boolean primary key default true check (one),
  sequence bigint not null,
  hash text collate "C",
  time text collate "C"
);
insert into assayer.chain_head (sequence) values (0);

-- Against mistakes, not against someone with rights to the database: those are what the chain and signed heads show.
create function assayer.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'records are never changed or removed';
end
$$;
create trigger records_stay before update or delete on assayer.records
  for each row execute function assayer.refuse_change();
create trigger records_stay_all before truncate on assayer.records
  for each statement execute function assayer.refuse_change();
