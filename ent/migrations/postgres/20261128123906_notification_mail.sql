-- +goose Up
-- create index "notificationdelivery_notification_id_subscription_id" to table: "notification_deliveries"
CREATE INDEX "notificationdelivery_notification_id_subscription_id" ON "notification_deliveries" ("notification_id", "subscription_id");
-- modify "outgoing_mails" table
ALTER TABLE "outgoing_mails" ADD COLUMN "notification_id" bigint NOT NULL DEFAULT 0, ADD COLUMN "actor_id" bigint NOT NULL DEFAULT 0, ADD COLUMN "others" integer NOT NULL DEFAULT 0;

-- +goose Down
-- reverse: modify "outgoing_mails" table
ALTER TABLE "outgoing_mails" DROP COLUMN "others", DROP COLUMN "actor_id", DROP COLUMN "notification_id";
-- reverse: create index "notificationdelivery_notification_id_subscription_id" to table: "notification_deliveries"
DROP INDEX "notificationdelivery_notification_id_subscription_id";
