package apitest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// The objects that a request may name.
const (
	noObject  = "-"
	present   = "existing"        // the owner's: their account, or a public post of theirs
	secluded  = "private account" // the recluse's: their account, or a public post of theirs
	narrow    = "followers-only"
	addressed = "mentioned-only"   // mentions the followee, or invites them to a meetup
	suspended = "suspended author" // of an account that was suspended
	deleted   = "deleted"
	missing   = "absent"
	own       = "own"
	another   = "another's"
	requestID = "matrix"
)

// objects are what the requests of an RPC name, by the object kind of its policy. notFound is the reason that answers
// for an object which the caller cannot see.
var objects = map[optionsv1.ObjectKind]struct {
	states   []string
	notFound errorsv1.Reason
}{
	optionsv1.ObjectKind_OBJECT_KIND_NONE:    {[]string{noObject}, 0},
	optionsv1.ObjectKind_OBJECT_KIND_SELF:    {[]string{noObject}, 0},
	optionsv1.ObjectKind_OBJECT_KIND_USER:    {[]string{present, secluded, suspended, missing}, errorsv1.Reason_REASON_USER_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_POST:    {[]string{present, narrow, addressed, secluded, suspended, deleted, missing}, errorsv1.Reason_REASON_POST_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_API_KEY: {[]string{present, missing}, errorsv1.Reason_REASON_API_KEY_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_SESSION: {[]string{own, another, missing}, errorsv1.Reason_REASON_SESSION_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_LIST:    {[]string{own, another, missing}, errorsv1.Reason_REASON_LIST_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_DRAFT:   {[]string{own, another, missing}, errorsv1.Reason_REASON_DRAFT_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_CONVERSATION: {
		[]string{own, another, former, missing}, errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND,
	},
	optionsv1.ObjectKind_OBJECT_KIND_MESSAGE: {
		[]string{own, another, former, missing}, errorsv1.Reason_REASON_MESSAGE_NOT_FOUND,
	},

	optionsv1.ObjectKind_OBJECT_KIND_EVENT: {[]string{present, narrow, addressed, secluded, suspended, missing}, errorsv1.Reason_REASON_EVENT_NOT_FOUND},

	optionsv1.ObjectKind_OBJECT_KIND_NOTIFICATION: {[]string{own, another, missing}, errorsv1.Reason_REASON_NOTIFICATION_NOT_FOUND},

	optionsv1.ObjectKind_OBJECT_KIND_PUSH_SUBSCRIPTION: {[]string{own, another, missing}, errorsv1.Reason_REASON_PUSH_SUBSCRIPTION_NOT_FOUND},

	optionsv1.ObjectKind_OBJECT_KIND_MEDIA: {[]string{own, another, missing}, errorsv1.Reason_REASON_MEDIA_NOT_FOUND},
}

// A cell is one call of the matrix.
type cell struct {
	spec          connect.Spec
	policy        *optionsv1.Policy
	recipe        recipe
	wire          wire
	actor, object string
}

// String names the cell in failures.
func (x cell) String() string {
	return fmt.Sprintf("%s %s by %s on %s", x.wire.name, x.spec.Procedure, x.actor, x.object)
}

// want is what the policy and the recipe say of a cell: whether the request is refused as HTTP, else the reason why it
// fails, unspecified when it succeeds.
func (x cell) want() (notAllowed bool, reason errorsv1.Reason) {
	switch {
	case x.wire.get && x.spec.IdempotencyLevel != connect.IdempotencyNoSideEffects:
		return true, 0
	case x.actor == garbage || x.actor == expired:
		return false, errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID
	case x.actor == revoked || x.actor == banned:
		return false, errorsv1.Reason_REASON_SESSION_REVOKED
	case x.actor == nobody && x.policy.GetAccess() != optionsv1.Access_ACCESS_PUBLIC:
		return false, errorsv1.Reason_REASON_SIGN_IN_REQUIRED
	case !x.hasRole():
		return false, errorsv1.Reason_REASON_ROLE_REQUIRED
	case x.hidden() && !x.recipe.omits:
		return false, objects[x.policy.GetObject()].notFound
	case !x.hidden() && x.recipe.refuses != nil:
		return false, x.recipe.refuses(x)
	default:
		return false, 0
	}
}

// hasRole tells whether the RPC is for callers of the actor's role.
func (x cell) hasRole() bool {
	switch x.policy.GetAccess() {
	case optionsv1.Access_ACCESS_USER:
		return x.actor != program
	case optionsv1.Access_ACCESS_MODERATOR:
		return x.actor == moderator || x.actor == administrator
	case optionsv1.Access_ACCESS_ADMIN:
		return x.actor == administrator
	case optionsv1.Access_ACCESS_SERVICE:
		return x.actor == program
	default:
		return true
	}
}

// hidden tells whether the object is one that the caller cannot see.
func (x cell) hidden() bool {
	if x.recipe.overlooks {
		return x.object == missing
	}
	switch x.object {
	case noObject, own:
		return false
	case present, narrow, addressed, secluded:
		if x.policy.GetObject() == optionsv1.ObjectKind_OBJECT_KIND_USER {
			return x.actor == blocked
		}
		return !slices.Contains(sees[x.object], x.actor)
	default:
		return true
	}
}

// sees says who sees which post or meetup, of those whose sessions live.
var sees = map[string][]string{
	present:   {nobody, owner, stranger, follower, followee, pending, moderator, administrator, program},
	narrow:    {owner, follower},
	addressed: {owner, followee},
	secluded:  {follower},
}

// succeeds tells whether the call is to succeed.
func (x cell) succeeds() bool {
	notAllowed, reason := x.want()
	return !notAllowed && reason == errorsv1.Reason_REASON_UNSPECIFIED
}

// run makes the call and answers all that its caller sees of the answer.
func (x cell) run(t *testing.T, c *cast, client *connect.Client) string {
	t.Helper()
	token := c.token(x.actor)
	if x.recipe.endsSession && x.succeeds() {
		token = c.spareSession(t, x.actor).GetAccessToken()
	}
	if x.recipe.endsCaller && x.succeeds() {
		token = c.fresh(t).tokens.GetAccessToken()
	}
	request := x.recipe.request(c, x, x.objectID(t, c))
	answer, note, err := x.call(t, client, token, request)
	seen := describe(answer, note, err)
	c.canaries.answer(seen)
	c.leaks(t, x, seen)
	c.canaries.secretsOf(t, request, answer)

	notAllowed, reason := x.want()
	switch {
	case notAllowed:
		if note.status != http.StatusMethodNotAllowed {
			t.Errorf("%v: HTTP %d, want 405; %v", x, note.status, err)
		}
	case reason != errorsv1.Reason_REASON_UNSPECIFIED:
		if got := pulse.ReasonOf(err); got != reason || connect.CodeOf(err) != rpc.Fail(reason, "").Code() {
			t.Errorf("%v: %v, want %v", x, err, reason)
		}
	case err != nil:
		t.Errorf("%v: %v, want an answer", x, err)
	case x.hidden() && proto.Size(answer) != 0:
		t.Errorf("%v: answered %v, want nothing", x, answer)
	case x.recipe.omits && !x.hidden() && (proto.Size(answer) == 0) != (x.recipe.empty != nil && x.recipe.empty(x)):
		t.Errorf("%v: answered %v", x, answer)
	case x.recipe.after != nil && !x.hidden():
		x.recipe.after(t, c, x, answer)
	}
	return seen
}

// objectID answers the id that the cell's request names.
func (x cell) objectID(t *testing.T, c *cast) int64 {
	t.Helper()
	switch kind := x.policy.GetObject(); {
	case x.object == noObject:
		return 0
	case x.object == missing:
		return absentID
	case kind == optionsv1.ObjectKind_OBJECT_KIND_USER:
		return c.personOf(x.object).id
	case kind == optionsv1.ObjectKind_OBJECT_KIND_API_KEY:
		if x.succeeds() {
			id, _ := c.apiKey(t)
			return id
		}
		return c.keyID
	case kind == optionsv1.ObjectKind_OBJECT_KIND_SESSION:
		return x.sessionID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_LIST:
		return x.listID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_DRAFT:
		return x.draftID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_CONVERSATION, kind == optionsv1.ObjectKind_OBJECT_KIND_MESSAGE:
		return x.talkID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_EVENT:
		return x.eventID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_NOTIFICATION:
		return x.notificationID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_PUSH_SUBSCRIPTION:
		return x.subscriptionID(t, c)
	case kind == optionsv1.ObjectKind_OBJECT_KIND_MEDIA:
		return x.mediaID(t, c)
	case x.recipe.uses && x.succeeds():
		return c.people[owner].post(t, "to be used up", 0)
	default:
		return c.posts[x.object]
	}
}

// listID answers a list of the actor's, or one of somebody else's.
func (x cell) listID(t *testing.T, c *cast) int64 {
	t.Helper()
	whose := c.caller(x)
	if x.object == another {
		whose = c.people[recluse]
	}
	if x.recipe.uses && x.succeeds() || whose.list == 0 {
		answer, err := whose.Graph.CreateList(t.Context(), &graphv1.CreateListRequest{Name: "a list"})
		if err != nil {
			return absentID // Of callers who have no session, nobody's will do.
		}
		whose.list = answer.GetList().GetId()
	}
	return whose.list
}

// sessionID answers a session of the actor's that may end, or one of somebody else's that must not.
func (x cell) sessionID(t *testing.T, c *cast) int64 {
	t.Helper()
	if x.object == own && x.succeeds() {
		return sessionOf(t, c.spareSession(t, x.actor).GetAccessToken())
	}
	whose := owner
	if x.actor == owner {
		whose = stranger
	}
	return sessionOf(t, c.people[whose].tokens.GetAccessToken())
}

// draftID answers a draft of the actor's that may be used up, or one of somebody else's that must not.
func (x cell) draftID(t *testing.T, c *cast) int64 {
	t.Helper()
	if x.object == own && x.succeeds() {
		return c.people[x.actor].draft(t, "to be used up")
	}
	whose := owner
	if x.actor == owner {
		whose = stranger
	}
	return c.drafts[whose]
}

// call makes the call. All calls have one request id, so that answers can be compared.
func (x cell) call(t *testing.T, client *connect.Client, token string, request proto.Message) (proto.Message, *received, error) {
	t.Helper()
	ctx, note := tapped(t.Context())
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("X-Request-Id", requestID)
	if token != "" {
		info.RequestHeader().Set("Authorization", "Bearer "+token)
	}
	spec := x.spec
	if x.wire.get {
		spec.IdempotencyLevel = connect.IdempotencyNoSideEffects
	}
	answer := newAnswer(t, spec)
	err := client.CallUnary(ctx, spec, request, answer)
	return answer, note, err
}

// newAnswer makes an empty response of an RPC.
func newAnswer(t *testing.T, spec connect.Spec) proto.Message {
	t.Helper()
	output := spec.Schema.(protoreflect.MethodDescriptor).Output().FullName()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(output)
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

// describe writes all that a caller sees of an answer, the time excepted.
func describe(answer proto.Message, note *received, err error) string {
	note.header.Del("Date")
	var text strings.Builder
	fmt.Fprintf(&text, "%d %v %v %q %v\n", note.status, note.header, note.trailer, note.body, err)
	if err == nil {
		text.WriteString(protojson.Format(answer))
		return text.String()
	}
	for _, detail := range detailsOf(err) {
		text.WriteString(protojson.Format(detail))
	}
	return text.String()
}

// detailsOf decodes the details of an error that a call failed with.
func detailsOf(err error) []proto.Message {
	failed, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return nil
	}
	var details []proto.Message
	for _, packed := range failed.Details() {
		if detail, err := connectproto.UnmarshalErrorDetail(packed); err == nil {
			details = append(details, detail)
		}
	}
	return details
}
