-- +goose Up
-- create index "mute_muted_id" to table: "mutes"
CREATE INDEX "mute_muted_id" ON "mutes" ("muted_id");
-- modify "profiles" table
ALTER TABLE "profiles" ADD COLUMN "links" jsonb NULL, ADD COLUMN "language" character varying NOT NULL DEFAULT '';
-- create index "usercount_followers_id" to table: "user_counts"
CREATE INDEX "usercount_followers_id" ON "user_counts" ("followers", "id");
-- create "dismissals" table
CREATE TABLE "dismissals" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "dismissed_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "dismissal_dismissed_id" to table: "dismissals"
CREATE INDEX "dismissal_dismissed_id" ON "dismissals" ("dismissed_id");
-- create index "dismissal_user_id_dismissed_id" to table: "dismissals"
CREATE UNIQUE INDEX "dismissal_user_id_dismissed_id" ON "dismissals" ("user_id", "dismissed_id");

-- +goose Down
-- reverse: create index "dismissal_user_id_dismissed_id" to table: "dismissals"
DROP INDEX "dismissal_user_id_dismissed_id";
-- reverse: create index "dismissal_dismissed_id" to table: "dismissals"
DROP INDEX "dismissal_dismissed_id";
-- reverse: create "dismissals" table
DROP TABLE "dismissals";
-- reverse: create index "usercount_followers_id" to table: "user_counts"
DROP INDEX "usercount_followers_id";
-- reverse: modify "profiles" table
ALTER TABLE "profiles" DROP COLUMN "language", DROP COLUMN "links";
-- reverse: create index "mute_muted_id" to table: "mutes"
DROP INDEX "mute_muted_id";
