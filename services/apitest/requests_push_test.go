package apitest_test

import (
	"maps"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/gen/pulse/notification/v1/notificationv1connect"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

func init() { maps.Copy(recipes, pushRecipes) }

// A browser that nobody has: the example of RFC 8291.
const (
	browserKey  = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	browserAuth = "BTBZMqHH6r4Tts7J_aSIgg"
)

// pushKey draws a key to push with.
func pushKey(t *testing.T) string {
	t.Helper()
	key, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// pushRecipes are those of NotificationService that are about browsers.
var pushRecipes = map[string]recipe{
	notificationv1connect.NotificationServiceGetPushKeyProcedure: simple(func(int64) proto.Message {
		return &notificationv1.GetPushKeyRequest{}
	}),
	notificationv1connect.NotificationServiceCreatePushSubscriptionProcedure: {
		request: func(c *cast, x cell, _ int64) proto.Message {
			return &notificationv1.CreatePushSubscriptionRequest{
				Endpoint: "https://push.example.org/of/" + strconv.FormatInt(c.caller(x).id, 10), P256Dh: browserKey, Auth: browserAuth,
			}
		},
	},
	notificationv1connect.NotificationServiceListPushSubscriptionsProcedure: simple(func(int64) proto.Message {
		return &notificationv1.ListPushSubscriptionsRequest{}
	}),
	notificationv1connect.NotificationServiceDeletePushSubscriptionProcedure: simple(func(id int64) proto.Message {
		return &notificationv1.DeletePushSubscriptionRequest{SubscriptionId: id}
	}),
}

// subscriptionID writes a subscription of the actor's, or of somebody else's, and answers its id. Its endpoint is told to nobody.
func (x cell) subscriptionID(t *testing.T, c *cast) int64 {
	t.Helper()
	whose := c.caller(x)
	if x.object == another {
		whose = c.people[recluse]
	}
	var subscription int64
	c.behind(t, "notification", func(tx *store.Tx) error {
		subscription = tx.NewID()
		endpoint := "https://push.example.org/secret/" + strconv.FormatInt(subscription, 10)
		c.canaries.secret(endpoint)
		return tx.PushSubscription.Create().SetID(subscription).SetUserID(whose.id).SetSessionID(0).SetEndpoint(endpoint).
			SetEndpointKey(endpoint).SetP256dh([]byte{4}).SetAuth([]byte{1}).Exec(t.Context())
	})
	return subscription
}
