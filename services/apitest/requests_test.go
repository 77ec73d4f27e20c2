package apitest_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/gen/pulse/timeline/v1/timelinev1connect"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/gen/pulse/user/v1/userv1connect"
)

// A recipe says how the matrix calls one RPC, and what its policy leaves open.
type recipe struct {
	// request makes the request of a cell; objectID is the id of the cell's object, 0 when it has none.
	request func(c *cast, cell cell, objectID int64) proto.Message
	// omits is whether what cannot be seen is left out of the answer, instead of failing the call.
	omits bool
	// endsSession is whether the call ends the caller's session, so that each cell needs one of its own.
	endsSession bool
	// uses is whether the call uses the object up, so that the owner's cells need one each.
	uses bool
	// refuses answers why an allowed caller is refused an object that exists; unspecified lets the caller have it.
	refuses func(cell cell) errorsv1.Reason
	// after runs after a call that succeeded.
	after func(t *testing.T, c *cast, cell cell, answer proto.Message)
}

// simple is a recipe whose request is nothing but an id, of any kind.
func simple(request func(id int64) proto.Message) recipe {
	return recipe{request: func(_ *cast, _ cell, id int64) proto.Message { return request(id) }}
}

// recipes has an entry for each RPC; the matrix fails without.
var recipes = map[string]recipe{
	identityv1connect.IdentityServiceRegisterProcedure: {
		request: func(c *cast, cell cell, _ int64) proto.Message {
			handle := c.people[owner].handle
			if cell.actor == nobody {
				handle = "new_" + handle
			}
			return &identityv1.RegisterRequest{Handle: handle, Email: handle + "@example.com", Password: "secret of " + handle}
		},
		// To be told that the handle is taken is to be let through as well, and costs no hash.
		refuses: func(cell cell) errorsv1.Reason {
			if cell.actor != nobody {
				return errorsv1.Reason_REASON_HANDLE_TAKEN
			}
			return errorsv1.Reason_REASON_UNSPECIFIED
		},
	},
	identityv1connect.IdentityServiceLogInProcedure: {
		request: func(c *cast, cell cell, _ int64) proto.Message {
			who := c.people[cell.actor]
			if who == nil {
				who = c.people[owner]
			}
			return &identityv1.LogInRequest{Login: who.handle, Password: who.password}
		},
		after: func(_ *testing.T, c *cast, cell cell, answer proto.Message) {
			c.spare[cell.actor] = append(c.spare[cell.actor], answer.(*identityv1.LogInResponse).GetTokens())
		},
	},
	identityv1connect.IdentityServiceRefreshProcedure: {
		request: func(c *cast, _ cell, _ int64) proto.Message {
			return &identityv1.RefreshRequest{RefreshToken: c.refresh}
		},
		after: func(_ *testing.T, c *cast, _ cell, answer proto.Message) {
			c.refresh = answer.(*identityv1.RefreshResponse).GetTokens().GetRefreshToken()
		},
	},
	identityv1connect.IdentityServiceLogOutProcedure: {
		request:     func(*cast, cell, int64) proto.Message { return &identityv1.LogOutRequest{} },
		endsSession: true,
	},
	identityv1connect.IdentityServiceGetAccountProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.GetAccountRequest{} },
		after: func(t *testing.T, c *cast, cell cell, answer proto.Message) {
			if got := answer.(*identityv1.GetAccountResponse).GetAccount().GetId(); got != c.people[cell.actor].id {
				t.Errorf("%v: the account of %d, want that of %d", cell, got, c.people[cell.actor].id)
			}
		},
	},
	identityv1connect.IdentityServiceListSessionsProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.ListSessionsRequest{} },
	},
	identityv1connect.IdentityServiceRevokeSessionProcedure: simple(func(id int64) proto.Message {
		return &identityv1.RevokeSessionRequest{SessionId: id}
	}),
	identityv1connect.IdentityServiceRevokeAllSessionsProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.RevokeAllSessionsRequest{KeepCurrent: true} },
	},

	userv1connect.UserServiceGetUserProcedure: simple(func(id int64) proto.Message {
		return &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: id}}
	}),
	userv1connect.UserServiceBatchGetUsersProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &userv1.BatchGetUsersRequest{UserIds: []int64{id}}
		},
		omits: true,
	},
	userv1connect.UserServiceUpdateProfileProcedure: {
		request: func(_ *cast, cell cell, _ int64) proto.Message {
			return &userv1.UpdateProfileRequest{
				Profile:    &userv1.Profile{Bio: cell.actor},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"bio"}},
			}
		},
		after: func(t *testing.T, c *cast, cell cell, answer proto.Message) {
			if got := answer.(*userv1.UpdateProfileResponse).GetUser().GetId(); got != c.people[cell.actor].id {
				t.Errorf("%v: changed the profile of %d, want that of %d", cell, got, c.people[cell.actor].id)
			}
		},
	},

	postv1connect.PostServiceCreatePostProcedure: simple(func(id int64) proto.Message {
		return &postv1.CreatePostRequest{Text: "a reply", ReplyToId: id}
	}),
	postv1connect.PostServiceGetPostProcedure: simple(func(id int64) proto.Message {
		return &postv1.GetPostRequest{PostId: id}
	}),
	postv1connect.PostServiceBatchGetPostsProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &postv1.BatchGetPostsRequest{PostIds: []int64{id}}
		},
		omits: true,
	},
	postv1connect.PostServiceDeletePostProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &postv1.DeletePostRequest{PostId: id} },
		uses:    true,
		refuses: func(cell cell) errorsv1.Reason {
			if cell.actor != owner {
				return errorsv1.Reason_REASON_NOT_POST_AUTHOR
			}
			return errorsv1.Reason_REASON_UNSPECIFIED
		},
	},
	postv1connect.PostServiceLikePostProcedure: simple(func(id int64) proto.Message {
		return &postv1.LikePostRequest{PostId: id}
	}),
	postv1connect.PostServiceUnlikePostProcedure: simple(func(id int64) proto.Message {
		return &postv1.UnlikePostRequest{PostId: id}
	}),
	postv1connect.PostServiceGetThreadProcedure: simple(func(id int64) proto.Message {
		return &postv1.GetThreadRequest{PostId: id}
	}),

	graphv1connect.GraphServiceFollowProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &graphv1.FollowRequest{UserId: id} },
		refuses: func(cell cell) errorsv1.Reason {
			if cell.actor == owner {
				return errorsv1.Reason_REASON_CANNOT_FOLLOW_SELF
			}
			return errorsv1.Reason_REASON_UNSPECIFIED
		},
		after: func(t *testing.T, c *cast, cell cell, _ proto.Message) { c.restore(t, cell.actor) },
	},
	graphv1connect.GraphServiceUnfollowProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &graphv1.UnfollowRequest{UserId: id} },
		after:   func(t *testing.T, c *cast, cell cell, _ proto.Message) { c.restore(t, cell.actor) },
	},
	graphv1connect.GraphServiceListFollowersProcedure: simple(func(id int64) proto.Message {
		return &graphv1.ListFollowersRequest{UserId: id}
	}),
	graphv1connect.GraphServiceListFollowingProcedure: simple(func(id int64) proto.Message {
		return &graphv1.ListFollowingRequest{UserId: id}
	}),
	graphv1connect.GraphServiceBatchGetRelationshipsProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &graphv1.BatchGetRelationshipsRequest{UserIds: []int64{id}}
		},
		omits: true,
	},

	timelinev1connect.TimelineServiceGetHomeTimelineProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &timelinev1.GetHomeTimelineRequest{} },
	},
	timelinev1connect.TimelineServiceGetUserTimelineProcedure: simple(func(id int64) proto.Message {
		return &timelinev1.GetUserTimelineRequest{UserId: id}
	}),
}
