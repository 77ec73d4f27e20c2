package apitest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// The objects that a request may name.
const (
	noObject  = "-"
	present   = "existing"
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
	optionsv1.ObjectKind_OBJECT_KIND_USER:    {[]string{present, missing}, errorsv1.Reason_REASON_USER_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_POST:    {[]string{present, deleted, missing}, errorsv1.Reason_REASON_POST_NOT_FOUND},
	optionsv1.ObjectKind_OBJECT_KIND_SESSION: {[]string{own, another, missing}, errorsv1.Reason_REASON_SESSION_NOT_FOUND},
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
	case x.actor == revoked:
		return false, errorsv1.Reason_REASON_SESSION_REVOKED
	case x.actor == nobody && x.policy.GetAccess() != optionsv1.Access_ACCESS_PUBLIC:
		return false, errorsv1.Reason_REASON_SIGN_IN_REQUIRED
	case x.hidden() && !x.recipe.omits:
		return false, objects[x.policy.GetObject()].notFound
	case !x.hidden() && x.recipe.refuses != nil:
		return false, x.recipe.refuses(x)
	default:
		return false, 0
	}
}

// hidden tells whether the object is one that the caller cannot see.
func (x cell) hidden() bool { return x.object == deleted || x.object == missing || x.object == another }

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
	request := x.recipe.request(c, x, x.objectID(t, c))
	answer, note, err := x.call(t, client, token, request)
	seen := describe(answer, note, err)
	c.canaries.answer(seen)
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
	case x.recipe.omits && !x.hidden() && proto.Size(answer) == 0:
		t.Errorf("%v: answered nothing", x)
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
	case x.object == deleted:
		return c.deleted
	case kind == optionsv1.ObjectKind_OBJECT_KIND_USER:
		return c.people[owner].id
	case kind == optionsv1.ObjectKind_OBJECT_KIND_SESSION:
		return x.sessionID(t, c)
	case x.recipe.uses && x.succeeds():
		return c.people[owner].post(t, "to be used up", 0)
	default:
		return c.public
	}
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
