-- +goose Up
-- add column "email_verified_at" to table: "credentials"
ALTER TABLE `credentials` ADD COLUMN `email_verified_at` datetime NULL;
-- add column "pending_email" to table: "credentials"
ALTER TABLE `credentials` ADD COLUMN `pending_email` text NULL;
-- add column "authenticated_at" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `authenticated_at` datetime NULL;
-- create "email_tokens" table
CREATE TABLE `email_tokens` (`id` integer NOT NULL, `user_id` integer NOT NULL, `purpose` text NOT NULL, `address` text NOT NULL, `hash` blob NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "email_tokens_hash_key" to table: "email_tokens"
CREATE UNIQUE INDEX `email_tokens_hash_key` ON `email_tokens` (`hash`);
-- create index "emailtoken_user_id" to table: "email_tokens"
CREATE INDEX `emailtoken_user_id` ON `email_tokens` (`user_id`);
-- create index "emailtoken_expires_at" to table: "email_tokens"
CREATE INDEX `emailtoken_expires_at` ON `email_tokens` (`expires_at`);
-- create "linked_identities" table
CREATE TABLE `linked_identities` (`id` integer NOT NULL, `user_id` integer NOT NULL, `provider` text NOT NULL, `subject` text NOT NULL, `label` text NOT NULL, PRIMARY KEY (`id`));
-- create index "linkedidentity_provider_subject" to table: "linked_identities"
CREATE UNIQUE INDEX `linkedidentity_provider_subject` ON `linked_identities` (`provider`, `subject`);
-- create index "linkedidentity_user_id_provider" to table: "linked_identities"
CREATE UNIQUE INDEX `linkedidentity_user_id_provider` ON `linked_identities` (`user_id`, `provider`);
-- create "outgoing_mails" table
CREATE TABLE `outgoing_mails` (`id` integer NOT NULL, `user_id` integer NOT NULL, `kind` text NOT NULL, `address` text NOT NULL, `slot` text NULL, `claimed_at` datetime NULL, `sent_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "outgoing_mails_slot_key" to table: "outgoing_mails"
CREATE UNIQUE INDEX `outgoing_mails_slot_key` ON `outgoing_mails` (`slot`);
-- create index "outgoingmail_user_id" to table: "outgoing_mails"
CREATE INDEX `outgoingmail_user_id` ON `outgoing_mails` (`user_id`);
-- create "recovery_codes" table
CREATE TABLE `recovery_codes` (`id` integer NOT NULL, `user_id` integer NOT NULL, `hash` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "recoverycode_user_id_hash" to table: "recovery_codes"
CREATE UNIQUE INDEX `recoverycode_user_id_hash` ON `recovery_codes` (`user_id`, `hash`);
-- create "sealing_keys" table
CREATE TABLE `sealing_keys` (`id` integer NOT NULL, `key` blob NOT NULL, PRIMARY KEY (`id`));
-- create "sign_in_attempts" table
CREATE TABLE `sign_in_attempts` (`id` integer NOT NULL, `user_id` integer NOT NULL, `provider` text NOT NULL, `state_hash` blob NOT NULL, `sealed_proof` blob NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "sign_in_attempts_state_hash_key" to table: "sign_in_attempts"
CREATE UNIQUE INDEX `sign_in_attempts_state_hash_key` ON `sign_in_attempts` (`state_hash`);
-- create index "signinattempt_expires_at" to table: "sign_in_attempts"
CREATE INDEX `signinattempt_expires_at` ON `sign_in_attempts` (`expires_at`);
-- create "sign_in_challenges" table
CREATE TABLE `sign_in_challenges` (`id` integer NOT NULL, `user_id` integer NOT NULL, `hash` blob NOT NULL, `device_name` text NOT NULL, `tries_left` integer NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "sign_in_challenges_hash_key" to table: "sign_in_challenges"
CREATE UNIQUE INDEX `sign_in_challenges_hash_key` ON `sign_in_challenges` (`hash`);
-- create index "signinchallenge_user_id" to table: "sign_in_challenges"
CREATE INDEX `signinchallenge_user_id` ON `sign_in_challenges` (`user_id`);
-- create index "signinchallenge_expires_at" to table: "sign_in_challenges"
CREATE INDEX `signinchallenge_expires_at` ON `sign_in_challenges` (`expires_at`);
-- create "totp_secrets" table
CREATE TABLE `totp_secrets` (`id` integer NOT NULL, `sealed_secret` blob NOT NULL, `confirmed_at` datetime NULL, `used_step` integer NOT NULL DEFAULT (0), `failures` integer NOT NULL DEFAULT (0), `failing_since` datetime NULL, PRIMARY KEY (`id`));

-- +goose Down
-- reverse: create "totp_secrets" table
DROP TABLE `totp_secrets`;
-- reverse: create index "signinchallenge_expires_at" to table: "sign_in_challenges"
DROP INDEX `signinchallenge_expires_at`;
-- reverse: create index "signinchallenge_user_id" to table: "sign_in_challenges"
DROP INDEX `signinchallenge_user_id`;
-- reverse: create index "sign_in_challenges_hash_key" to table: "sign_in_challenges"
DROP INDEX `sign_in_challenges_hash_key`;
-- reverse: create "sign_in_challenges" table
DROP TABLE `sign_in_challenges`;
-- reverse: create index "signinattempt_expires_at" to table: "sign_in_attempts"
DROP INDEX `signinattempt_expires_at`;
-- reverse: create index "sign_in_attempts_state_hash_key" to table: "sign_in_attempts"
DROP INDEX `sign_in_attempts_state_hash_key`;
-- reverse: create "sign_in_attempts" table
DROP TABLE `sign_in_attempts`;
-- reverse: create "sealing_keys" table
DROP TABLE `sealing_keys`;
-- reverse: create index "recoverycode_user_id_hash" to table: "recovery_codes"
DROP INDEX `recoverycode_user_id_hash`;
-- reverse: create "recovery_codes" table
DROP TABLE `recovery_codes`;
-- reverse: create index "outgoingmail_user_id" to table: "outgoing_mails"
DROP INDEX `outgoingmail_user_id`;
-- reverse: create index "outgoing_mails_slot_key" to table: "outgoing_mails"
DROP INDEX `outgoing_mails_slot_key`;
-- reverse: create "outgoing_mails" table
DROP TABLE `outgoing_mails`;
-- reverse: create index "linkedidentity_user_id_provider" to table: "linked_identities"
DROP INDEX `linkedidentity_user_id_provider`;
-- reverse: create index "linkedidentity_provider_subject" to table: "linked_identities"
DROP INDEX `linkedidentity_provider_subject`;
-- reverse: create "linked_identities" table
DROP TABLE `linked_identities`;
-- reverse: create index "emailtoken_expires_at" to table: "email_tokens"
DROP INDEX `emailtoken_expires_at`;
-- reverse: create index "emailtoken_user_id" to table: "email_tokens"
DROP INDEX `emailtoken_user_id`;
-- reverse: create index "email_tokens_hash_key" to table: "email_tokens"
DROP INDEX `email_tokens_hash_key`;
-- reverse: create "email_tokens" table
DROP TABLE `email_tokens`;
-- reverse: add column "authenticated_at" to table: "sessions"
ALTER TABLE `sessions` DROP COLUMN `authenticated_at`;
-- reverse: add column "pending_email" to table: "credentials"
ALTER TABLE `credentials` DROP COLUMN `pending_email`;
-- reverse: add column "email_verified_at" to table: "credentials"
ALTER TABLE `credentials` DROP COLUMN `email_verified_at`;
