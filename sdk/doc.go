// Package pulse is the Go client of Pulse, a self-hosted social backend.
//
//	client, err := pulse.NewClient("https://pulse.example.org")
//	if err != nil {
//		return err
//	}
//	if _, err := client.LogIn(ctx, &identityv1.LogInRequest{Login: "ada", Password: password}); err != nil {
//		return err
//	}
//	created, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "Hello"})
//
// A [Client] has a field for each service of the schema. Requests and responses are the generated messages of
// github.com/pulse-social/pulse/gen, used as they are; what an RPC does and which errors it answers is told at the
// methods of those fields. A client is safe for concurrent use and is best shared.
//
// # Sessions
//
// [Client.Register] and [Client.LogIn] sign the client in. From then on every call carries the access token, which
// the client refreshes shortly before it expires, and when the server refuses it. However many calls notice at once,
// one refresh serves them all. Tokens are kept in memory; [WithTokenStore] keeps them elsewhere, and [WithTokens]
// starts from a pair there is already. A program that acts for many people has a client for each of them; clients
// share their connections when they share an HTTP client.
//
// # Errors
//
// Every call fails with an [*Error], which names the reason beside the code:
//
//	if failure, ok := errors.AsType[*pulse.Error](err); ok && failure.Reason == errorsv1.Reason_REASON_HANDLE_TAKEN {
//		fmt.Println("choose another handle than", failure.Metadata["handle"])
//	}
//
// [ReasonOf] is the short way when only the reason matters.
//
// # Retries
//
// A call that fails as unavailable is repeated, up to four attempts in all, after a random pause that doubles its
// bound each time. So is one that reached a limit, if the server says when to come back. Repeating is safe: calls
// that change something carry an Idempotency-Key header, the same one in each attempt, so that the server does the
// work once. To carry a key of your own, such as one that outlives the process, set that header on the call:
//
//	ctx, call := connect.NewClientContext(ctx)
//	call.RequestHeader().Set("Idempotency-Key", key)
//
// # Streams
//
// [Client.Subscribe] ranges over what happens to the signed-in person as it happens: posts, messages, notifications.
// It goes on by itself when the stream breaks, and neither loses nor repeats anything:
//
//	for update, err := range client.Subscribe(ctx, &realtimev1.SubscribeRequest{Cursor: cursor}) {
//		if err != nil {
//			return err
//		}
//		if event, ok := update.Event.(*realtimev1.SubscribeResponse_MessageSent); ok {
//			fmt.Println(event.MessageSent.GetText())
//		}
//		cursor = update.Cursor
//	}
//
// # Lists
//
// Each RPC that answers pages has a method that ranges over the items of all of them, such as
// [Client.AllFollowers] for ListFollowers:
//
//	for follower, err := range client.AllFollowers(ctx, &graphv1.ListFollowersRequest{UserId: id}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(follower.GetUser().GetHandle())
//	}
package pulse
