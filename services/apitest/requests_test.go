package apitest_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/gen/pulse/search/v1/searchv1connect"
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
	// empty is whether nothing is left when what the caller cannot see is left out of an answer about what they see; nil is never.
	empty func(cell cell) bool
	// endsSession is whether the call ends the caller's session, so that each cell needs one of its own.
	endsSession bool
	// endsCaller is whether the call ends the caller's account, so that each cell needs somebody of its own.
	endsCaller bool
	// overlooks is whether the call is about all objects that there are, seen by its caller or not.
	overlooks bool
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

// refused is a recipe whose request is let through and fails for a reason: to be told it is to be let through. What such
// RPCs do for those who have the right secret is tested beside them.
func refused(reason errorsv1.Reason, request proto.Message) recipe {
	return recipe{
		request: func(*cast, cell, int64) proto.Message { return proto.Clone(request) },
		refuses: func(cell) errorsv1.Reason { return reason },
	}
}

// notTheAuthor refuses all but the owner of a post.
func notTheAuthor(cell cell) errorsv1.Reason {
	if cell.actor != owner {
		return errorsv1.Reason_REASON_NOT_POST_AUTHOR
	}
	return errorsv1.Reason_REASON_UNSPECIFIED
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
			who := c.caller(cell)
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
	identityv1connect.IdentityServiceVerifyEmailProcedure: refused(errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID,
		&identityv1.VerifyEmailRequest{Token: "made up"}),
	identityv1connect.IdentityServiceSendEmailVerificationProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.SendEmailVerificationRequest{} },
	},
	identityv1connect.IdentityServiceChangeEmailProcedure: {
		request: func(c *cast, cell cell, _ int64) proto.Message {
			return &identityv1.ChangeEmailRequest{Email: c.caller(cell).handle + "@example.net"}
		},
	},
	identityv1connect.IdentityServiceRequestPasswordResetProcedure: {
		request: func(c *cast, _ cell, _ int64) proto.Message {
			return &identityv1.RequestPasswordResetRequest{Email: c.people[owner].handle + "@example.org"}
		},
	},
	identityv1connect.IdentityServiceResetPasswordProcedure: refused(errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID,
		&identityv1.ResetPasswordRequest{Token: "made up", NewPassword: "a new secret, not common"}),
	identityv1connect.IdentityServiceChangePasswordProcedure: {
		request: func(c *cast, cell cell, _ int64) proto.Message {
			return &identityv1.ChangePasswordRequest{NewPassword: c.caller(cell).password}
		},
		after: func(_ *testing.T, c *cast, cell cell, _ proto.Message) { delete(c.spare, cell.actor) },
	},
	identityv1connect.IdentityServiceReauthenticateProcedure: {
		request: func(c *cast, cell cell, _ int64) proto.Message {
			return &identityv1.ReauthenticateRequest{Proof: &identityv1.ReauthenticateRequest_Password{Password: c.caller(cell).password}}
		},
	},
	identityv1connect.IdentityServiceEnrollTotpProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.EnrollTotpRequest{} },
	},
	identityv1connect.IdentityServiceConfirmTotpProcedure: refused(errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID,
		&identityv1.ConfirmTotpRequest{Code: "zqxkvj"}),
	identityv1connect.IdentityServiceDisableTotpProcedure: refused(errorsv1.Reason_REASON_TOTP_NOT_ENABLED,
		&identityv1.DisableTotpRequest{Code: "zqxkvj"}),
	identityv1connect.IdentityServiceRegenerateRecoveryCodesProcedure: refused(errorsv1.Reason_REASON_TOTP_NOT_ENABLED,
		&identityv1.RegenerateRecoveryCodesRequest{}),
	identityv1connect.IdentityServiceLogInWithSecondFactorProcedure: refused(errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID,
		&identityv1.LogInWithSecondFactorRequest{Challenge: "made up", Code: "zqxkvj"}),
	identityv1connect.IdentityServiceListSignInProvidersProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.ListSignInProvidersRequest{} },
	},
	identityv1connect.IdentityServiceBeginSignInProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.BeginSignInRequest{Provider: "github"} },
	},
	identityv1connect.IdentityServiceCompleteSignInProcedure: refused(errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID,
		&identityv1.CompleteSignInRequest{State: "made up", Code: "made up", Secret: "made up"}),
	identityv1connect.IdentityServiceLinkIdentityProcedure: refused(errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID,
		&identityv1.LinkIdentityRequest{State: "made up", Code: "made up", Secret: "made up"}),
	identityv1connect.IdentityServiceUnlinkIdentityProcedure: refused(errorsv1.Reason_REASON_LINKED_IDENTITY_NOT_FOUND,
		&identityv1.UnlinkIdentityRequest{Provider: "github"}),
	identityv1connect.IdentityServiceListLinkedIdentitiesProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.ListLinkedIdentitiesRequest{} },
	},

	identityv1connect.AccountServiceChangeHandleProcedure: {
		request: func(c *cast, cell cell, _ int64) proto.Message {
			return &identityv1.ChangeHandleRequest{Handle: strings.ToUpper(c.caller(cell).handle)}
		},
		after: func(t *testing.T, c *cast, cell cell, answer proto.Message) {
			if got := answer.(*identityv1.ChangeHandleResponse).GetAccount().GetId(); got != c.people[cell.actor].id {
				t.Errorf("%v: changed the handle of %d, want that of %d", cell, got, c.people[cell.actor].id)
			}
		},
	},
	identityv1connect.AccountServiceDeactivateAccountProcedure: {
		request:    func(*cast, cell, int64) proto.Message { return &identityv1.DeactivateAccountRequest{} },
		endsCaller: true,
	},
	identityv1connect.AccountServiceDeleteAccountProcedure: {
		request:    func(*cast, cell, int64) proto.Message { return &identityv1.DeleteAccountRequest{} },
		endsCaller: true,
	},
	identityv1connect.AdminServiceSetRoleProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &identityv1.SetRoleRequest{UserId: id, Role: identityv1.Role_ROLE_USER}
		},
		overlooks: true,
	},
	identityv1connect.AdminServiceSuspendAccountProcedure: {
		request: func(c *cast, cell cell, id int64) proto.Message {
			if cell.object != missing {
				id = c.victim.id
			}
			return &identityv1.SuspendAccountRequest{UserId: id}
		},
		overlooks: true,
	},
	identityv1connect.AdminServiceRestoreAccountProcedure: {
		request: func(c *cast, cell cell, id int64) proto.Message {
			if cell.object != missing {
				id = c.victim.id
			}
			return &identityv1.RestoreAccountRequest{UserId: id}
		},
		overlooks: true,
	},
	identityv1connect.AdminServiceCreateApiKeyProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.CreateApiKeyRequest{Name: "another"} },
	},
	identityv1connect.AdminServiceListApiKeysProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.ListApiKeysRequest{} },
	},
	identityv1connect.AdminServiceRevokeApiKeyProcedure: simple(func(id int64) proto.Message {
		return &identityv1.RevokeApiKeyRequest{ApiKeyId: id}
	}),
	identityv1connect.AdminServiceListAuditRecordsProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &identityv1.ListAuditRecordsRequest{} },
	},
	identityv1connect.AdminServiceIntrospectAccessTokenProcedure: {
		request: func(c *cast, _ cell, _ int64) proto.Message {
			return &identityv1.IntrospectAccessTokenRequest{AccessToken: c.people[owner].tokens.GetAccessToken()}
		},
		after: func(t *testing.T, c *cast, cell cell, answer proto.Message) {
			got := answer.(*identityv1.IntrospectAccessTokenResponse)
			if !got.GetActive() || got.GetUserId() != c.people[owner].id || got.GetRole() != identityv1.Role_ROLE_USER {
				t.Errorf("%v: %v, want the owner's", cell, got)
			}
		},
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
		refuses: notTheAuthor,
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
	postv1connect.PostServiceEditPostProcedure: {
		request: func(_ *cast, cell cell, id int64) proto.Message {
			return &postv1.EditPostRequest{PostId: id, ContentWarning: cell.actor, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content_warning"}}}
		},
		refuses: notTheAuthor,
	},
	postv1connect.PostServiceListPostVersionsProcedure: simple(func(id int64) proto.Message {
		return &postv1.ListPostVersionsRequest{PostId: id}
	}),
	postv1connect.PostServiceListLikersProcedure: simple(func(id int64) proto.Message {
		return &postv1.ListLikersRequest{PostId: id}
	}),
	postv1connect.PostServiceRepostPostProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message { return &postv1.RepostPostRequest{PostId: id} },
		// Who sees what not everyone sees does not pass it on.
		refuses: func(cell cell) errorsv1.Reason {
			if cell.object != present {
				return errorsv1.Reason_REASON_REPOST_NOT_ALLOWED
			}
			return errorsv1.Reason_REASON_UNSPECIFIED
		},
	},
	postv1connect.PostServiceUnrepostPostProcedure: simple(func(id int64) proto.Message {
		return &postv1.UnrepostPostRequest{PostId: id}
	}),
	postv1connect.PostServiceListRepostersProcedure: simple(func(id int64) proto.Message {
		return &postv1.ListRepostersRequest{PostId: id}
	}),
	postv1connect.PostServiceListQuotesProcedure: simple(func(id int64) proto.Message {
		return &postv1.ListQuotesRequest{PostId: id}
	}),
	postv1connect.PostServiceBookmarkPostProcedure: simple(func(id int64) proto.Message {
		return &postv1.BookmarkPostRequest{PostId: id}
	}),
	postv1connect.PostServiceUnbookmarkPostProcedure: simple(func(id int64) proto.Message {
		return &postv1.UnbookmarkPostRequest{PostId: id}
	}),
	postv1connect.PostServiceListBookmarksProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &postv1.ListBookmarksRequest{} },
	},
	postv1connect.PostServiceVotePollProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &postv1.VotePollRequest{PostId: id, Choices: []int32{0}}
		},
		// The posts of the cast have none.
		refuses: func(cell) errorsv1.Reason { return errorsv1.Reason_REASON_POLL_NOT_FOUND },
	},
	postv1connect.PostServiceCreateDraftProcedure: {
		request: func(_ *cast, cell cell, _ int64) proto.Message {
			return &postv1.CreateDraftRequest{Post: &postv1.CreatePostRequest{Text: "a draft of " + cell.actor}}
		},
	},
	postv1connect.PostServiceUpdateDraftProcedure: {
		request: func(_ *cast, cell cell, id int64) proto.Message {
			return &postv1.UpdateDraftRequest{
				DraftId: id, Post: &postv1.CreatePostRequest{Text: "changed by " + cell.actor}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"text"}},
			}
		},
	},
	postv1connect.PostServiceListDraftsProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &postv1.ListDraftsRequest{} },
	},
	postv1connect.PostServiceDeleteDraftProcedure: simple(func(id int64) proto.Message {
		return &postv1.DeleteDraftRequest{DraftId: id}
	}),
	postv1connect.PostServicePublishDraftProcedure: simple(func(id int64) proto.Message {
		return &postv1.PublishDraftRequest{DraftId: id}
	}),

	timelinev1connect.TimelineServiceGetHomeTimelineProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &timelinev1.GetHomeTimelineRequest{} },
	},
	timelinev1connect.TimelineServiceGetUserTimelineProcedure: simple(func(id int64) proto.Message {
		return &timelinev1.GetUserTimelineRequest{UserId: id}
	}),

	searchv1connect.SearchServiceSearchPostsProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &searchv1.SearchPostsRequest{Query: "public", AuthorId: id}
		},
		omits: true,
		empty: func(cell cell) bool { return cell.object != present || cell.actor == blocker },
	},
	searchv1connect.SearchServiceSearchUsersProcedure: {
		request: func(c *cast, _ cell, _ int64) proto.Message {
			return &searchv1.SearchUsersRequest{Query: c.people[owner].handle}
		},
		after: func(t *testing.T, c *cast, cell cell, answer proto.Message) {
			users := answer.(*searchv1.SearchUsersResponse).GetUsers()
			if found := len(users) > 0 && users[0].GetId() == c.people[owner].id; found != (cell.actor != blocked) {
				t.Errorf("%v: found %v, the owner %d first: %v", cell, users, c.people[owner].id, found)
			}
		},
	},
	searchv1connect.SearchServiceSearchTagsProcedure: {
		request: func(*cast, cell, int64) proto.Message { return &searchv1.SearchTagsRequest{Query: "#public"} },
	},
	searchv1connect.SearchServiceSuggestProcedure: {
		request: func(c *cast, _ cell, _ int64) proto.Message {
			return &searchv1.SuggestRequest{Prefix: "@" + c.people[owner].handle}
		},
		after: func(t *testing.T, c *cast, cell cell, answer proto.Message) {
			suggested := slices.ContainsFunc(answer.(*searchv1.SuggestResponse).GetSuggestions(), func(s *searchv1.Suggestion) bool {
				return s.GetUser().GetId() == c.people[owner].id
			})
			if suggested != (cell.actor != blocked) {
				t.Errorf("%v: %v, the owner suggested: %v", cell, answer, suggested)
			}
		},
	},
	timelinev1connect.TimelineServiceGetListTimelineProcedure: simple(func(id int64) proto.Message {
		return &timelinev1.GetListTimelineRequest{ListId: id}
	}),
	timelinev1connect.TimelineServiceGetHashtagTimelineProcedure: simple(func(int64) proto.Message {
		return &timelinev1.GetHashtagTimelineRequest{Tag: "matrix"}
	}),
	timelinev1connect.TimelineServiceGetPublicTimelineProcedure: simple(func(int64) proto.Message {
		return &timelinev1.GetPublicTimelineRequest{}
	}),
	timelinev1connect.TimelineServiceGetForYouTimelineProcedure: simple(func(int64) proto.Message {
		return &timelinev1.GetForYouTimelineRequest{}
	}),
	timelinev1connect.TimelineServiceListTrendingTagsProcedure: simple(func(int64) proto.Message {
		return &timelinev1.ListTrendingTagsRequest{}
	}),
	timelinev1connect.TimelineServiceGetReadPositionProcedure: simple(func(int64) proto.Message {
		return &timelinev1.GetReadPositionRequest{Timeline: "home"}
	}),
	timelinev1connect.TimelineServiceSetReadPositionProcedure: simple(func(int64) proto.Message {
		return &timelinev1.SetReadPositionRequest{Timeline: "home", PostId: 1}
	}),
}
