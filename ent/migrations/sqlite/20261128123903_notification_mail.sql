-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_outgoing_mails" table
CREATE TABLE `new_outgoing_mails` (`id` integer NOT NULL, `user_id` integer NOT NULL, `kind` text NOT NULL, `address` text NOT NULL, `slot` text NULL, `notification_id` integer NOT NULL DEFAULT (0), `actor_id` integer NOT NULL DEFAULT (0), `others` integer NOT NULL DEFAULT (0), `claimed_at` datetime NULL, `sent_at` datetime NULL, PRIMARY KEY (`id`));
-- copy rows from old table "outgoing_mails" to new temporary table "new_outgoing_mails"
INSERT INTO `new_outgoing_mails` (`id`, `user_id`, `kind`, `address`, `slot`, `claimed_at`, `sent_at`) SELECT `id`, `user_id`, `kind`, `address`, `slot`, `claimed_at`, `sent_at` FROM `outgoing_mails`;
-- drop "outgoing_mails" table after copying rows
DROP TABLE `outgoing_mails`;
-- rename temporary table "new_outgoing_mails" to "outgoing_mails"
ALTER TABLE `new_outgoing_mails` RENAME TO `outgoing_mails`;
-- create index "outgoing_mails_slot_key" to table: "outgoing_mails"
CREATE UNIQUE INDEX `outgoing_mails_slot_key` ON `outgoing_mails` (`slot`);
-- create index "outgoingmail_user_id" to table: "outgoing_mails"
CREATE INDEX `outgoingmail_user_id` ON `outgoing_mails` (`user_id`);
-- create index "notificationdelivery_notification_id_subscription_id" to table: "notification_deliveries"
CREATE INDEX `notificationdelivery_notification_id_subscription_id` ON `notification_deliveries` (`notification_id`, `subscription_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "notificationdelivery_notification_id_subscription_id" to table: "notification_deliveries"
DROP INDEX `notificationdelivery_notification_id_subscription_id`;
-- reverse: create index "outgoingmail_user_id" to table: "outgoing_mails"
DROP INDEX `outgoingmail_user_id`;
-- reverse: create index "outgoing_mails_slot_key" to table: "outgoing_mails"
DROP INDEX `outgoing_mails_slot_key`;
-- reverse: create "new_outgoing_mails" table
DROP TABLE `new_outgoing_mails`;
