package apitest_test

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
)

func init() { maps.Copy(recipes, graphRecipes) }

// restoring is a recipe of a call that may change how the caller relates to the owner of the object.
func restoring(request func(id int64) proto.Message, refuses func(cell) errorsv1.Reason) recipe {
	r := simple(request)
	r.refuses = refuses
	r.after = func(t *testing.T, c *cast, x cell, _ proto.Message) { c.restore(t, x.actor, x.object) }
	return r
}

// unlessSelf refuses the owner what one cannot do to oneself.
func unlessSelf(reason errorsv1.Reason) func(cell) errorsv1.Reason {
	return func(x cell) errorsv1.Reason {
		if x.actor == owner && x.object == present {
			return reason
		}
		return errorsv1.Reason_REASON_UNSPECIFIED
	}
}

// forFollowers refuses whom a private account follows to those who do not follow it.
func forFollowers(x cell) errorsv1.Reason {
	if x.object == secluded && x.actor != follower {
		return errorsv1.Reason_REASON_FOLLOWS_PRIVATE
	}
	return errorsv1.Reason_REASON_UNSPECIFIED
}

// unlessAsked refuses to approve whom nobody asked, and who does not follow already.
func unlessAsked(x cell) errorsv1.Reason {
	if x.actor == followee && x.object == present {
		return errorsv1.Reason_REASON_UNSPECIFIED
	}
	return errorsv1.Reason_REASON_FOLLOW_REQUEST_NOT_FOUND
}

// mayFollow refuses oneself and whom one blocks.
func mayFollow(x cell) errorsv1.Reason {
	if x.actor == blocker {
		return errorsv1.Reason_REASON_USER_BLOCKED
	}
	return unlessSelf(errorsv1.Reason_REASON_CANNOT_FOLLOW_SELF)(x)
}

// graphRecipes are those of GraphService.
var graphRecipes = map[string]recipe{
	graphv1connect.GraphServiceFollowProcedure: restoring(func(id int64) proto.Message {
		return &graphv1.FollowRequest{UserId: id}
	}, mayFollow),
	graphv1connect.GraphServiceUnfollowProcedure: restoring(func(id int64) proto.Message {
		return &graphv1.UnfollowRequest{UserId: id}
	}, nil),
	graphv1connect.GraphServiceRemoveFollowerProcedure: restoring(func(id int64) proto.Message {
		return &graphv1.RemoveFollowerRequest{UserId: id}
	}, nil),
	graphv1connect.GraphServiceListFollowersProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &graphv1.ListFollowersRequest{UserId: id} },
		refuses: forFollowers,
	},
	graphv1connect.GraphServiceListFollowingProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &graphv1.ListFollowingRequest{UserId: id} },
		refuses: forFollowers,
	},
	graphv1connect.GraphServiceListFollowRequestsProcedure:     simple(func(int64) proto.Message { return &graphv1.ListFollowRequestsRequest{} }),
	graphv1connect.GraphServiceListSentFollowRequestsProcedure: simple(func(int64) proto.Message { return &graphv1.ListSentFollowRequestsRequest{} }),
	graphv1connect.GraphServiceApproveFollowRequestProcedure: restoring(func(id int64) proto.Message {
		return &graphv1.ApproveFollowRequestRequest{UserId: id}
	}, unlessAsked),
	graphv1connect.GraphServiceRejectFollowRequestProcedure: simple(func(id int64) proto.Message {
		return &graphv1.RejectFollowRequestRequest{UserId: id}
	}),
	graphv1connect.GraphServiceBatchGetRelationshipsProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &graphv1.BatchGetRelationshipsRequest{UserIds: []int64{id}}
		},
		omits: true,
	},
	graphv1connect.GraphServiceBlockUserProcedure: restoring(func(id int64) proto.Message {
		return &graphv1.BlockUserRequest{UserId: id}
	}, unlessSelf(errorsv1.Reason_REASON_CANNOT_BLOCK_SELF)),
	graphv1connect.GraphServiceUnblockUserProcedure: restoring(func(id int64) proto.Message {
		return &graphv1.UnblockUserRequest{UserId: id}
	}, nil),
	graphv1connect.GraphServiceListBlockedProcedure: simple(func(int64) proto.Message { return &graphv1.ListBlockedRequest{} }),
	graphv1connect.GraphServiceMuteUserProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &graphv1.MuteUserRequest{UserId: id} },
		refuses: unlessSelf(errorsv1.Reason_REASON_CANNOT_MUTE_SELF),
	},
	graphv1connect.GraphServiceUnmuteUserProcedure: simple(func(id int64) proto.Message {
		return &graphv1.UnmuteUserRequest{UserId: id}
	}),
	graphv1connect.GraphServiceListMutedProcedure:      simple(func(int64) proto.Message { return &graphv1.ListMutedRequest{} }),
	graphv1connect.GraphServiceMuteWordProcedure:       simple(func(int64) proto.Message { return &graphv1.MuteWordRequest{Text: "word"} }),
	graphv1connect.GraphServiceUnmuteWordProcedure:     simple(func(int64) proto.Message { return &graphv1.UnmuteWordRequest{Text: "word"} }),
	graphv1connect.GraphServiceListMutedWordsProcedure: simple(func(int64) proto.Message { return &graphv1.ListMutedWordsRequest{} }),
	graphv1connect.GraphServiceCreateListProcedure:     simple(func(int64) proto.Message { return &graphv1.CreateListRequest{Name: "a list"} }),
	graphv1connect.GraphServiceGetListProcedure:        simple(func(id int64) proto.Message { return &graphv1.GetListRequest{ListId: id} }),
	graphv1connect.GraphServiceUpdateListProcedure: simple(func(id int64) proto.Message {
		return &graphv1.UpdateListRequest{ListId: id, Name: "another name"}
	}),
	graphv1connect.GraphServiceDeleteListProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &graphv1.DeleteListRequest{ListId: id} },
		uses:    true,
		after:   func(_ *testing.T, c *cast, x cell, _ proto.Message) { c.caller(x).list = 0 },
	},
	graphv1connect.GraphServiceListListsProcedure: simple(func(int64) proto.Message { return &graphv1.ListListsRequest{} }),
	graphv1connect.GraphServiceAddListMemberProcedure: {
		request: func(c *cast, _ cell, id int64) proto.Message {
			return &graphv1.AddListMemberRequest{ListId: id, UserId: c.people[followee].id}
		},
	},
	graphv1connect.GraphServiceRemoveListMemberProcedure: {
		request: func(c *cast, _ cell, id int64) proto.Message {
			return &graphv1.RemoveListMemberRequest{ListId: id, UserId: c.people[followee].id}
		},
	},
	graphv1connect.GraphServiceListListMembersProcedure: simple(func(id int64) proto.Message { return &graphv1.ListListMembersRequest{ListId: id} }),
	graphv1connect.GraphServiceRecommendUsersProcedure:  simple(func(int64) proto.Message { return &graphv1.RecommendUsersRequest{} }),
	graphv1connect.GraphServiceDismissRecommendationProcedure: simple(func(id int64) proto.Message {
		return &graphv1.DismissRecommendationRequest{UserId: id}
	}),
}
