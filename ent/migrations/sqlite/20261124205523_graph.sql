-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create index "usercount_followers_id" to table: "user_counts"
CREATE INDEX `usercount_followers_id` ON `user_counts` (`followers`, `id`);
-- create "new_profiles" table
CREATE TABLE `new_profiles` (`id` integer NOT NULL, `display_name` text NOT NULL DEFAULT (''), `bio` text NOT NULL DEFAULT (''), `location` text NOT NULL DEFAULT (''), `private` bool NOT NULL DEFAULT (false), `links` json NULL, `language` text NOT NULL DEFAULT (''), `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- copy rows from old table "profiles" to new temporary table "new_profiles"
INSERT INTO `new_profiles` (`id`, `display_name`, `bio`, `location`, `private`, `version`) SELECT `id`, `display_name`, `bio`, `location`, `private`, `version` FROM `profiles`;
-- drop "profiles" table after copying rows
DROP TABLE `profiles`;
-- rename temporary table "new_profiles" to "profiles"
ALTER TABLE `new_profiles` RENAME TO `profiles`;
-- create index "mute_muted_id" to table: "mutes"
CREATE INDEX `mute_muted_id` ON `mutes` (`muted_id`);
-- create "dismissals" table
CREATE TABLE `dismissals` (`id` integer NOT NULL, `user_id` integer NOT NULL, `dismissed_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "dismissal_user_id_dismissed_id" to table: "dismissals"
CREATE UNIQUE INDEX `dismissal_user_id_dismissed_id` ON `dismissals` (`user_id`, `dismissed_id`);
-- create index "dismissal_dismissed_id" to table: "dismissals"
CREATE INDEX `dismissal_dismissed_id` ON `dismissals` (`dismissed_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "dismissal_dismissed_id" to table: "dismissals"
DROP INDEX `dismissal_dismissed_id`;
-- reverse: create index "dismissal_user_id_dismissed_id" to table: "dismissals"
DROP INDEX `dismissal_user_id_dismissed_id`;
-- reverse: create "dismissals" table
DROP TABLE `dismissals`;
-- reverse: create index "mute_muted_id" to table: "mutes"
DROP INDEX `mute_muted_id`;
-- reverse: create "new_profiles" table
DROP TABLE `new_profiles`;
-- reverse: create index "usercount_followers_id" to table: "user_counts"
DROP INDEX `usercount_followers_id`;
