@testable import GateServer
import GateBackend
import GateProtocol
import NIOCore
import Testing

struct QuestionFormTests {
    private static func fit(
        _ kind: QuestionKind, _ params: String, _ version: ProtocolVersion,
        _ capabilities: ClientCapabilities = .questions
    ) -> String? {
        let form = QuestionForm.fitting(
            kind, ByteBuffer(string: params), version: version, capabilities: capabilities, elicitationID: { "id-1" })
        return if case .params(let text) = form { String(buffer: text) } else { nil }
    }

    @Test func bytesThatFitAreKept() {
        let form = #"{ "message" : "x\u0041", "requestedSchema":{"type":"object","properties":{"n":{"minimum":1.0}}} }"#
        #expect(QuestionFormTests.fit(.elicitation, form, .v2025_06_18) == form)
        #expect(QuestionFormTests.fit(.elicitation, form, .v2025_11_25) == form)
        #expect(QuestionFormTests.fit(.elicitation, form, .v2026_07_28) == form)
        let sampling = #"{"messages":[{"role":"user","content":{"type":"text","text":"a"}}],"maxTokens":1e2}"#
        for version in ProtocolVersion.allCases {
            #expect(QuestionFormTests.fit(.sampling, sampling, version) == sampling)
        }
        #expect(QuestionFormTests.fit(.roots, "{}", .v2024_11_05) == "{}")
    }

    @Test func whatARevisionDoesNotKnowIsTakenOut() {
        let url = #"{"mode":"url","elicitationId":"e","url":"https://x","message":"m"}"#
        #expect(QuestionFormTests.fit(.elicitation, url, .v2025_11_25) == url)
        #expect(
            QuestionFormTests.fit(.elicitation, url, .v2026_07_28)
                == #"{"mode":"url","url":"https://x","message":"m"}"#)
        #expect(
            QuestionFormTests.fit(.elicitation, #"{"mode":"url","url":"u"}"#, .v2025_11_25)
                == #"{"mode":"url","url":"u","elicitationId":"id-1"}"#)
        #expect(QuestionFormTests.fit(.elicitation, #"{"mode":"form","a":1}"#, .v2025_06_18) == #"{"a":1}"#)
        #expect(QuestionFormTests.fit(.roots, #"{"_meta":{"progressToken":1}}"#, .v2025_11_25) == "{}")
        #expect(
            QuestionFormTests.fit(.roots, #"{"_meta":{"progressToken":1,"a":2}}"#, .v2026_07_28)
                == #"{"_meta":{"a":2}}"#)
    }

    @Test func contextIsOnlyAskedForWhereItIsDeclared() {
        let params = #"{"maxTokens":1,"includeContext":"allServers"}"#
        #expect(QuestionFormTests.fit(.sampling, params, .v2026_07_28) == params)
        #expect(QuestionFormTests.fit(.sampling, params, .v2026_07_28, [.sampling]) == #"{"maxTokens":1}"#)
        // Before there was a way to declare it, it could always be asked for.
        #expect(QuestionFormTests.fit(.sampling, params, .v2025_06_18, [.sampling]) == params)
    }

    @Test func blocksBecomeMessagesOfTheirOwn() {
        let params =
            #"{"messages":[{"role":"user","content":[{"text":"a"},{"text":"b"}]},{"role":"user","content":{}}]}"#
        #expect(QuestionFormTests.fit(.sampling, params, .v2025_11_25) == params)
        #expect(
            QuestionFormTests.fit(.sampling, params, .v2025_06_18)
                == #"{"messages":[{"role":"user","content":{"text":"a"}},{"role":"user","content":{"text":"b"}},"#
                + #"{"role":"user","content":{}}]}"#)
    }

    @Test func aRevisionLimitsWhatCountsAsDeclared() {
        #expect(ClientCapabilities.questions.known(to: .v2024_11_05) == [.sampling, .roots])
        #expect(ClientCapabilities.questions.known(to: .v2025_06_18) == [.elicitationForm, .sampling, .roots])
        #expect(ClientCapabilities.questions.known(to: .v2025_11_25) == .questions)
        #expect(ClientCapabilities.tasks.known(to: .v2026_07_28) == [])
    }

    @Test func whatAQuestionNeedsIsReadFromIt() {
        func needs(_ kind: QuestionKind, _ params: String) -> ClientCapabilities {
            kind.needs(JSONMembers(ByteBuffer(string: params)))
        }
        #expect(needs(.elicitation, "{}") == .elicitationForm)
        #expect(needs(.elicitation, #"{"mode":"form"}"#) == .elicitationForm)
        #expect(needs(.elicitation, #"{"mode":"u\u0072l"}"#) == .elicitationURL)
        #expect(needs(.sampling, #"{"tools":null}"#) == .sampling)
        #expect(needs(.sampling, #"{"tools":[]}"#) == [.sampling, .samplingTools])
        #expect(needs(.sampling, #"{"toolChoice":{}}"#) == [.sampling, .samplingTools])
        #expect(needs(.roots, "{}") == .roots)
        #expect(QuestionKind(method: "tools/call".utf8) == nil)
    }
}
