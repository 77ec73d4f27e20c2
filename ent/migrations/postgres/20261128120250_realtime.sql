-- +goose Up
-- create "conversations" table
CREATE TABLE "conversations" ("id" bigint NOT NULL, "kind" integer NOT NULL, "direct_key" character varying NULL, "title" character varying NOT NULL DEFAULT '', "creator_id" bigint NOT NULL, "last_sequence" bigint NOT NULL DEFAULT 0, "last_message_id" bigint NOT NULL DEFAULT 0, "version" bigint NOT NULL DEFAULT 1, PRIMARY KEY ("id"));
-- create index "conversations_direct_key_key" to table: "conversations"
CREATE UNIQUE INDEX "conversations_direct_key_key" ON "conversations" ("direct_key");
-- create "conversation_members" table
CREATE TABLE "conversation_members" ("id" bigint NOT NULL, "conversation_id" bigint NOT NULL, "user_id" bigint NOT NULL, "role" integer NOT NULL, "folder" integer NOT NULL, "first_sequence" bigint NOT NULL DEFAULT 1, "read_sequence" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "conversationmember_conversation_id_id" to table: "conversation_members"
CREATE INDEX "conversationmember_conversation_id_id" ON "conversation_members" ("conversation_id", "id");
-- create index "conversationmember_conversation_id_user_id" to table: "conversation_members"
CREATE UNIQUE INDEX "conversationmember_conversation_id_user_id" ON "conversation_members" ("conversation_id", "user_id");
-- create index "conversationmember_user_id_folder_conversation_id" to table: "conversation_members"
CREATE INDEX "conversationmember_user_id_folder_conversation_id" ON "conversation_members" ("user_id", "folder", "conversation_id");
-- create "messages" table
CREATE TABLE "messages" ("id" bigint NOT NULL, "conversation_id" bigint NOT NULL, "sequence" bigint NOT NULL, "sender_id" bigint NOT NULL, "kind" integer NOT NULL, "text" text NOT NULL, "reply_to_id" bigint NOT NULL DEFAULT 0, "subject_id" bigint NOT NULL DEFAULT 0, "client_id" character varying NULL, "deleted" boolean NOT NULL DEFAULT false, "edited_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "message_conversation_id_sequence" to table: "messages"
CREATE UNIQUE INDEX "message_conversation_id_sequence" ON "messages" ("conversation_id", "sequence");
-- create index "message_sender_id_id" to table: "messages"
CREATE INDEX "message_sender_id_id" ON "messages" ("sender_id", "id");
-- create index "messages_client" to table: "messages"
CREATE UNIQUE INDEX "messages_client" ON "messages" ("conversation_id", "sender_id", "client_id") WHERE (client_id IS NOT NULL);
-- create "message_reactions" table
CREATE TABLE "message_reactions" ("id" bigint NOT NULL, "message_id" bigint NOT NULL, "user_id" bigint NOT NULL, "emoji" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "messagereaction_message_id_id" to table: "message_reactions"
CREATE INDEX "messagereaction_message_id_id" ON "message_reactions" ("message_id", "id");
-- create index "messagereaction_message_id_user_id_emoji" to table: "message_reactions"
CREATE UNIQUE INDEX "messagereaction_message_id_user_id_emoji" ON "message_reactions" ("message_id", "user_id", "emoji");
-- create index "messagereaction_user_id" to table: "message_reactions"
CREATE INDEX "messagereaction_user_id" ON "message_reactions" ("user_id");
-- create "messaging_settings" table
CREATE TABLE "messaging_settings" ("id" bigint NOT NULL, "audience" integer NOT NULL, PRIMARY KEY ("id"));
-- create "notifications" table
CREATE TABLE "notifications" ("id" bigint NOT NULL, "recipient_id" bigint NOT NULL, "kind" integer NOT NULL, "subject_id" bigint NOT NULL DEFAULT 0, "in_app" boolean NOT NULL DEFAULT true, "read" boolean NOT NULL DEFAULT false, "sequence" bigint NOT NULL, "cause_count" bigint NOT NULL DEFAULT 0, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "notification_recipient_id_kind_sequence" to table: "notifications"
CREATE INDEX "notification_recipient_id_kind_sequence" ON "notifications" ("recipient_id", "kind", "sequence");
-- create index "notification_recipient_id_sequence" to table: "notifications"
CREATE INDEX "notification_recipient_id_sequence" ON "notifications" ("recipient_id", "sequence");
-- create index "notifications_open" to table: "notifications"
CREATE UNIQUE INDEX "notifications_open" ON "notifications" ("recipient_id", "kind", "subject_id", "in_app") WHERE (NOT read);
-- create "notification_causes" table
CREATE TABLE "notification_causes" ("id" bigint NOT NULL, "recipient_id" bigint NOT NULL, "notification_id" bigint NOT NULL, "kind" integer NOT NULL, "actor_id" bigint NOT NULL, "object_id" bigint NOT NULL, "sequence" bigint NOT NULL, "holds" boolean NOT NULL DEFAULT true, PRIMARY KEY ("id"));
-- create index "notificationcause_actor_id" to table: "notification_causes"
CREATE INDEX "notificationcause_actor_id" ON "notification_causes" ("actor_id");
-- create index "notificationcause_notification_id_sequence" to table: "notification_causes"
CREATE INDEX "notificationcause_notification_id_sequence" ON "notification_causes" ("notification_id", "sequence");
-- create index "notificationcause_object_id" to table: "notification_causes"
CREATE INDEX "notificationcause_object_id" ON "notification_causes" ("object_id");
-- create index "notificationcause_recipient_id_kind_actor_id_object_id" to table: "notification_causes"
CREATE UNIQUE INDEX "notificationcause_recipient_id_kind_actor_id_object_id" ON "notification_causes" ("recipient_id", "kind", "actor_id", "object_id");
-- create index "notificationcause_recipient_id_sequence" to table: "notification_causes"
CREATE UNIQUE INDEX "notificationcause_recipient_id_sequence" ON "notification_causes" ("recipient_id", "sequence");
-- create "notification_deliveries" table
CREATE TABLE "notification_deliveries" ("id" bigint NOT NULL, "cause_id" bigint NOT NULL, "notification_id" bigint NOT NULL, "recipient_id" bigint NOT NULL, "subscription_id" bigint NOT NULL, "state" integer NOT NULL DEFAULT 0, "due_at" timestamptz NOT NULL, "tries" integer NOT NULL DEFAULT 0, "error" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- create index "notification_deliveries_due" to table: "notification_deliveries"
CREATE INDEX "notification_deliveries_due" ON "notification_deliveries" ("due_at") WHERE (state < 2);
-- create index "notificationdelivery_cause_id_subscription_id" to table: "notification_deliveries"
CREATE UNIQUE INDEX "notificationdelivery_cause_id_subscription_id" ON "notification_deliveries" ("cause_id", "subscription_id");
-- create index "notificationdelivery_recipient_id" to table: "notification_deliveries"
CREATE INDEX "notificationdelivery_recipient_id" ON "notification_deliveries" ("recipient_id");
-- create index "notificationdelivery_subscription_id" to table: "notification_deliveries"
CREATE INDEX "notificationdelivery_subscription_id" ON "notification_deliveries" ("subscription_id");
-- create "notification_heads" table
CREATE TABLE "notification_heads" ("id" bigint NOT NULL, "sequence" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create "notification_preferences" table
CREATE TABLE "notification_preferences" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "kind" integer NOT NULL, "audience" integer NOT NULL, "in_app" boolean NOT NULL, "push" boolean NOT NULL, "email" boolean NOT NULL, PRIMARY KEY ("id"));
-- create index "notificationpreference_user_id_kind" to table: "notification_preferences"
CREATE UNIQUE INDEX "notificationpreference_user_id_kind" ON "notification_preferences" ("user_id", "kind");
-- create "presence_settings" table
CREATE TABLE "presence_settings" ("id" bigint NOT NULL, "state" integer NOT NULL, "audience" integer NOT NULL, "invisible_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create "push_subscriptions" table
CREATE TABLE "push_subscriptions" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "session_id" bigint NOT NULL, "endpoint" character varying NOT NULL, "endpoint_key" character varying NOT NULL, "p256dh" bytea NOT NULL, "auth" bytea NOT NULL, "device" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- create index "push_subscriptions_endpoint_key_key" to table: "push_subscriptions"
CREATE UNIQUE INDEX "push_subscriptions_endpoint_key_key" ON "push_subscriptions" ("endpoint_key");
-- create index "pushsubscription_session_id" to table: "push_subscriptions"
CREATE INDEX "pushsubscription_session_id" ON "push_subscriptions" ("session_id");
-- create index "pushsubscription_user_id_id" to table: "push_subscriptions"
CREATE INDEX "pushsubscription_user_id_id" ON "push_subscriptions" ("user_id", "id");
-- create "quiet_hours" table
CREATE TABLE "quiet_hours" ("id" bigint NOT NULL, "enabled" boolean NOT NULL, "start_minute" integer NOT NULL, "end_minute" integer NOT NULL, "time_zone" character varying NOT NULL, PRIMARY KEY ("id"));
-- create "stream_conversations" table
CREATE TABLE "stream_conversations" ("id" bigint NOT NULL, "sequence" bigint NOT NULL, PRIMARY KEY ("id"));
-- create "stream_heads" table
CREATE TABLE "stream_heads" ("id" bigint NOT NULL, "epoch" bigint NOT NULL, "sequence" bigint NOT NULL DEFAULT 0, "dropped_sequence" bigint NOT NULL DEFAULT 0, "opened_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "streamhead_opened_at" to table: "stream_heads"
CREATE INDEX "streamhead_opened_at" ON "stream_heads" ("opened_at");
-- create "stream_items" table
CREATE TABLE "stream_items" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "sequence" bigint NOT NULL, "kind" integer NOT NULL, "object_id" bigint NOT NULL, "actor_id" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "streamitem_user_id_sequence" to table: "stream_items"
CREATE UNIQUE INDEX "streamitem_user_id_sequence" ON "stream_items" ("user_id", "sequence");

-- +goose Down
-- reverse: create index "streamitem_user_id_sequence" to table: "stream_items"
DROP INDEX "streamitem_user_id_sequence";
-- reverse: create "stream_items" table
DROP TABLE "stream_items";
-- reverse: create index "streamhead_opened_at" to table: "stream_heads"
DROP INDEX "streamhead_opened_at";
-- reverse: create "stream_heads" table
DROP TABLE "stream_heads";
-- reverse: create "stream_conversations" table
DROP TABLE "stream_conversations";
-- reverse: create "quiet_hours" table
DROP TABLE "quiet_hours";
-- reverse: create index "pushsubscription_user_id_id" to table: "push_subscriptions"
DROP INDEX "pushsubscription_user_id_id";
-- reverse: create index "pushsubscription_session_id" to table: "push_subscriptions"
DROP INDEX "pushsubscription_session_id";
-- reverse: create index "push_subscriptions_endpoint_key_key" to table: "push_subscriptions"
DROP INDEX "push_subscriptions_endpoint_key_key";
-- reverse: create "push_subscriptions" table
DROP TABLE "push_subscriptions";
-- reverse: create "presence_settings" table
DROP TABLE "presence_settings";
-- reverse: create index "notificationpreference_user_id_kind" to table: "notification_preferences"
DROP INDEX "notificationpreference_user_id_kind";
-- reverse: create "notification_preferences" table
DROP TABLE "notification_preferences";
-- reverse: create "notification_heads" table
DROP TABLE "notification_heads";
-- reverse: create index "notificationdelivery_subscription_id" to table: "notification_deliveries"
DROP INDEX "notificationdelivery_subscription_id";
-- reverse: create index "notificationdelivery_recipient_id" to table: "notification_deliveries"
DROP INDEX "notificationdelivery_recipient_id";
-- reverse: create index "notificationdelivery_cause_id_subscription_id" to table: "notification_deliveries"
DROP INDEX "notificationdelivery_cause_id_subscription_id";
-- reverse: create index "notification_deliveries_due" to table: "notification_deliveries"
DROP INDEX "notification_deliveries_due";
-- reverse: create "notification_deliveries" table
DROP TABLE "notification_deliveries";
-- reverse: create index "notificationcause_recipient_id_sequence" to table: "notification_causes"
DROP INDEX "notificationcause_recipient_id_sequence";
-- reverse: create index "notificationcause_recipient_id_kind_actor_id_object_id" to table: "notification_causes"
DROP INDEX "notificationcause_recipient_id_kind_actor_id_object_id";
-- reverse: create index "notificationcause_object_id" to table: "notification_causes"
DROP INDEX "notificationcause_object_id";
-- reverse: create index "notificationcause_notification_id_sequence" to table: "notification_causes"
DROP INDEX "notificationcause_notification_id_sequence";
-- reverse: create index "notificationcause_actor_id" to table: "notification_causes"
DROP INDEX "notificationcause_actor_id";
-- reverse: create "notification_causes" table
DROP TABLE "notification_causes";
-- reverse: create index "notifications_open" to table: "notifications"
DROP INDEX "notifications_open";
-- reverse: create index "notification_recipient_id_sequence" to table: "notifications"
DROP INDEX "notification_recipient_id_sequence";
-- reverse: create index "notification_recipient_id_kind_sequence" to table: "notifications"
DROP INDEX "notification_recipient_id_kind_sequence";
-- reverse: create "notifications" table
DROP TABLE "notifications";
-- reverse: create "messaging_settings" table
DROP TABLE "messaging_settings";
-- reverse: create index "messagereaction_user_id" to table: "message_reactions"
DROP INDEX "messagereaction_user_id";
-- reverse: create index "messagereaction_message_id_user_id_emoji" to table: "message_reactions"
DROP INDEX "messagereaction_message_id_user_id_emoji";
-- reverse: create index "messagereaction_message_id_id" to table: "message_reactions"
DROP INDEX "messagereaction_message_id_id";
-- reverse: create "message_reactions" table
DROP TABLE "message_reactions";
-- reverse: create index "messages_client" to table: "messages"
DROP INDEX "messages_client";
-- reverse: create index "message_sender_id_id" to table: "messages"
DROP INDEX "message_sender_id_id";
-- reverse: create index "message_conversation_id_sequence" to table: "messages"
DROP INDEX "message_conversation_id_sequence";
-- reverse: create "messages" table
DROP TABLE "messages";
-- reverse: create index "conversationmember_user_id_folder_conversation_id" to table: "conversation_members"
DROP INDEX "conversationmember_user_id_folder_conversation_id";
-- reverse: create index "conversationmember_conversation_id_user_id" to table: "conversation_members"
DROP INDEX "conversationmember_conversation_id_user_id";
-- reverse: create index "conversationmember_conversation_id_id" to table: "conversation_members"
DROP INDEX "conversationmember_conversation_id_id";
-- reverse: create "conversation_members" table
DROP TABLE "conversation_members";
-- reverse: create index "conversations_direct_key_key" to table: "conversations"
DROP INDEX "conversations_direct_key_key";
-- reverse: create "conversations" table
DROP TABLE "conversations";
