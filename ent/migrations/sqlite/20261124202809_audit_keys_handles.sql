-- +goose Up
-- add column "activated_at" to table: "signing_keys"
ALTER TABLE `signing_keys` ADD COLUMN `activated_at` datetime NULL;
-- add column "retired_at" to table: "signing_keys"
ALTER TABLE `signing_keys` ADD COLUMN `retired_at` datetime NULL;
-- create "api_keys" table
CREATE TABLE `api_keys` (`id` integer NOT NULL, `name` text NOT NULL, `hash` blob NOT NULL, `created_by` integer NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "api_keys_hash_key" to table: "api_keys"
CREATE UNIQUE INDEX `api_keys_hash_key` ON `api_keys` (`hash`);
-- create "audit_heads" table
CREATE TABLE `audit_heads` (`id` integer NOT NULL, `record_id` integer NOT NULL, `hash` blob NOT NULL, PRIMARY KEY (`id`));
-- create "audit_records" table
CREATE TABLE `audit_records` (`id` integer NOT NULL, `at` datetime NOT NULL, `action` text NOT NULL, `actor_kind` text NOT NULL, `actor_id` integer NOT NULL, `subject_id` integer NOT NULL, `request_id` text NOT NULL, `details` text NOT NULL, `hash` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "auditrecord_subject_id_id" to table: "audit_records"
CREATE INDEX `auditrecord_subject_id_id` ON `audit_records` (`subject_id`, `id`);
-- create "former_handles" table
CREATE TABLE `former_handles` (`id` integer NOT NULL, `user_id` integer NOT NULL, `handle_key` text NOT NULL, `reserved_until` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "former_handles_handle_key_key" to table: "former_handles"
CREATE UNIQUE INDEX `former_handles_handle_key_key` ON `former_handles` (`handle_key`);
-- create index "formerhandle_user_id" to table: "former_handles"
CREATE INDEX `formerhandle_user_id` ON `former_handles` (`user_id`);

-- +goose Down
-- reverse: create index "formerhandle_user_id" to table: "former_handles"
DROP INDEX `formerhandle_user_id`;
-- reverse: create index "former_handles_handle_key_key" to table: "former_handles"
DROP INDEX `former_handles_handle_key_key`;
-- reverse: create "former_handles" table
DROP TABLE `former_handles`;
-- reverse: create index "auditrecord_subject_id_id" to table: "audit_records"
DROP INDEX `auditrecord_subject_id_id`;
-- reverse: create "audit_records" table
DROP TABLE `audit_records`;
-- reverse: create "audit_heads" table
DROP TABLE `audit_heads`;
-- reverse: create index "api_keys_hash_key" to table: "api_keys"
DROP INDEX `api_keys_hash_key`;
-- reverse: create "api_keys" table
DROP TABLE `api_keys`;
-- reverse: add column "retired_at" to table: "signing_keys"
ALTER TABLE `signing_keys` DROP COLUMN `retired_at`;
-- reverse: add column "activated_at" to table: "signing_keys"
ALTER TABLE `signing_keys` DROP COLUMN `activated_at`;
