package notification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/pushsubscription"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

// mostSubscriptions is how many browsers one person's notifications are pushed to.
const mostSubscriptions = 20

// newPush makes what pushes to browsers; nil when nothing is pushed. The settings are valid by then.
func newPush(c webpush.Config, d service.Deps) *webpush.Client {
	if !c.On() {
		return nil
	}
	client, err := webpush.NewClient(c, d.Now)
	if err != nil {
		d.Log.Error("nothing is pushed to browsers", "error", err)
	}
	return client
}

// GetPushKey answers what browsers subscribe with.
func (h *handler) GetPushKey(context.Context, *notificationv1.GetPushKeyRequest) (*notificationv1.GetPushKeyResponse, error) {
	if h.push == nil {
		return nil, pushUnavailable()
	}
	return &notificationv1.GetPushKeyResponse{PublicKey: h.push.PublicKey()}, nil
}

func pushUnavailable() error {
	return rpc.Fail(errorsv1.Reason_REASON_PUSH_UNAVAILABLE, "this server pushes to no browsers: its operators would have to set PULSE_PUSH_KEY and PULSE_PUSH_CONTACT")
}

// CreatePushSubscription has the caller's notifications pushed to a browser.
func (h *handler) CreatePushSubscription(ctx context.Context, req *notificationv1.CreatePushSubscriptionRequest) (*notificationv1.CreatePushSubscriptionResponse, error) {
	if h.push == nil {
		return nil, pushUnavailable()
	}
	parsed, err := h.config.Push.Parse(req.GetEndpoint(), req.GetP256Dh(), req.GetAuth())
	switch {
	case errors.Is(err, webpush.ErrEndpoint):
		return nil, rpc.Fail(errorsv1.Reason_REASON_PUSH_ENDPOINT_INVALID, "%s: send what the browser's PushSubscription has", err)
	case err != nil:
		return nil, rpc.Fail(errorsv1.Reason_REASON_PUSH_KEYS_INVALID, "%s: send what the browser's PushSubscription has", err)
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*notificationv1.CreatePushSubscriptionResponse, error) {
		row, err := subscribe(ctx, tx, auth.Caller(ctx), parsed, req.GetDevice())
		if err != nil {
			return nil, err
		}
		return &notificationv1.CreatePushSubscriptionResponse{Subscription: h.subscription(ctx, row)}, nil
	})
}

// subscribe writes a subscription, or renews it when the caller has it already.
func subscribe(ctx context.Context, tx *store.Tx, caller auth.Principal, s webpush.Subscription, device string) (*ent.PushSubscription, error) {
	key := endpointKey(s.Endpoint)
	known, err := tx.PushSubscription.Query().Where(pushsubscription.EndpointKey(key)).Only(ctx)
	if err == nil && known.UserID == caller.UserID {
		return known.Update().SetSessionID(caller.SessionID).SetP256dh(s.PublicKey).SetAuth(s.Auth).SetDevice(device).Save(ctx)
	}
	if err != nil && !store.IsNotFound(err) {
		return nil, fmt.Errorf("look for the subscription: %w", err)
	}
	// So that two calls at once do not make more than one may have.
	if err := tx.Lock(ctx, "push subscriptions", caller.UserID); err != nil {
		return nil, err
	}
	theirs, err := tx.PushSubscription.Query().Where(pushsubscription.UserID(caller.UserID)).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count subscriptions: %w", err)
	}
	if theirs >= mostSubscriptions {
		return nil, rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_PUSH_SUBSCRIPTIONS, "you have %d browsers subscribed, as many as one may: delete one first", theirs).
			With("limit", mostSubscriptions)
	}
	// A browser that somebody else used before gets another id, so that nothing that was for them goes to the caller.
	if known != nil {
		if err := forgetSubscriptions(ctx, tx, pushsubscription.ID(known.ID)); err != nil {
			return nil, err
		}
	}
	row, err := tx.PushSubscription.Create().SetID(tx.NewID()).SetUserID(caller.UserID).SetSessionID(caller.SessionID).
		SetEndpoint(s.Endpoint).SetEndpointKey(key).SetP256dh(s.PublicKey).SetAuth(s.Auth).SetDevice(device).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("write the subscription: %w", err)
	}
	return row, nil
}

// endpointKey is what an endpoint is found by.
func endpointKey(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:])
}

// subscription tells of a row what its owner is told.
func (h *handler) subscription(ctx context.Context, row *ent.PushSubscription) *notificationv1.PushSubscription {
	host, _ := h.config.Push.Host(row.Endpoint) // It was looked at when it was written.
	return &notificationv1.PushSubscription{
		Id: row.ID, Host: host, Device: row.Device, CreateTime: timestamppb.New(id.Time(row.ID)),
		Current: row.SessionID == auth.Caller(ctx).SessionID,
	}
}

// ListPushSubscriptions lists where the caller's notifications are pushed to, oldest first.
func (h *handler) ListPushSubscriptions(ctx context.Context, _ *notificationv1.ListPushSubscriptionsRequest) (*notificationv1.ListPushSubscriptionsResponse, error) {
	rows, err := h.db.PushSubscription.Query().Where(pushsubscription.UserID(auth.Caller(ctx).UserID)).
		Order(pushsubscription.ByID()).Limit(mostSubscriptions).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read subscriptions: %w", err)
	}
	answer := &notificationv1.ListPushSubscriptionsResponse{}
	for _, row := range rows {
		answer.Subscriptions = append(answer.Subscriptions, h.subscription(ctx, row))
	}
	return answer, nil
}

// DeletePushSubscription ends one of the caller's subscriptions.
func (h *handler) DeletePushSubscription(ctx context.Context, req *notificationv1.DeletePushSubscriptionRequest) (*notificationv1.DeletePushSubscriptionResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*notificationv1.DeletePushSubscriptionResponse, error) {
		row, err := tx.PushSubscription.Query().
			Where(pushsubscription.ID(req.GetSubscriptionId()), pushsubscription.UserID(auth.Caller(ctx).UserID)).Only(ctx)
		if store.IsNotFound(err) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_PUSH_SUBSCRIPTION_NOT_FOUND, "you have no subscription of that id")
		}
		if err != nil {
			return nil, fmt.Errorf("look for the subscription: %w", err)
		}
		return &notificationv1.DeletePushSubscriptionResponse{}, forgetSubscriptions(ctx, tx, pushsubscription.ID(row.ID))
	})
}
