-- +goose Up
-- modify "signing_keys" table
ALTER TABLE "signing_keys" ADD COLUMN "activated_at" timestamptz NULL, ADD COLUMN "retired_at" timestamptz NULL;
-- create "api_keys" table
CREATE TABLE "api_keys" ("id" bigint NOT NULL, "name" character varying NOT NULL, "hash" bytea NOT NULL, "created_by" bigint NOT NULL, "expires_at" timestamptz NULL, "revoked_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "api_keys_hash_key" to table: "api_keys"
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys" ("hash");
-- create "audit_heads" table
CREATE TABLE "audit_heads" ("id" bigint NOT NULL, "record_id" bigint NOT NULL, "hash" bytea NOT NULL, PRIMARY KEY ("id"));
-- create "audit_records" table
CREATE TABLE "audit_records" ("id" bigint NOT NULL, "at" timestamptz NOT NULL, "action" character varying NOT NULL, "actor_kind" character varying NOT NULL, "actor_id" bigint NOT NULL, "subject_id" bigint NOT NULL, "request_id" character varying NOT NULL, "details" text NOT NULL, "hash" bytea NOT NULL, PRIMARY KEY ("id"));
-- create index "auditrecord_subject_id_id" to table: "audit_records"
CREATE INDEX "auditrecord_subject_id_id" ON "audit_records" ("subject_id", "id");
-- create "former_handles" table
CREATE TABLE "former_handles" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "handle_key" character varying NOT NULL, "reserved_until" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "former_handles_handle_key_key" to table: "former_handles"
CREATE UNIQUE INDEX "former_handles_handle_key_key" ON "former_handles" ("handle_key");
-- create index "formerhandle_user_id" to table: "former_handles"
CREATE INDEX "formerhandle_user_id" ON "former_handles" ("user_id");

-- +goose Down
-- reverse: create index "formerhandle_user_id" to table: "former_handles"
DROP INDEX "formerhandle_user_id";
-- reverse: create index "former_handles_handle_key_key" to table: "former_handles"
DROP INDEX "former_handles_handle_key_key";
-- reverse: create "former_handles" table
DROP TABLE "former_handles";
-- reverse: create index "auditrecord_subject_id_id" to table: "audit_records"
DROP INDEX "auditrecord_subject_id_id";
-- reverse: create "audit_records" table
DROP TABLE "audit_records";
-- reverse: create "audit_heads" table
DROP TABLE "audit_heads";
-- reverse: create index "api_keys_hash_key" to table: "api_keys"
DROP INDEX "api_keys_hash_key";
-- reverse: create "api_keys" table
DROP TABLE "api_keys";
-- reverse: modify "signing_keys" table
ALTER TABLE "signing_keys" DROP COLUMN "retired_at", DROP COLUMN "activated_at";
