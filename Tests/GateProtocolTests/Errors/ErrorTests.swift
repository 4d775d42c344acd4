import GateProtocol
import Testing

@Suite struct ErrorTests {
    private static let notSent: [ErrorCode] = [
        .circuitOpen, .overloaded, .starting, .backendDown, .draining, .gatewayUnreachable, .storageFull,
        .issuerUnavailable, .credentialsUnavailable,
    ]
    private static let maybeSent: [ErrorCode] = [
        .timeout, .backendDied, .outcomeUnknown, .backendProtocolError, .backendError, .cancelled,
    ]
    private static let others: [ErrorCode] = [
        .badRequest, .invalidJSON, .invalidParams, .methodNotFound, .notFound, .methodNotAllowed, .notAcceptable,
        .unsupportedMediaType, .payloadTooLarge,
        .toolNotFound, .resourceNotFound, .promptNotFound, .ambiguousTool,
        .serverNotFound, .serverExists, .sessionNotFound, .callNotFound, .idempotencyConflict, .hostRefused,
        .originRefused,
        .adminRequired, .unauthenticated, .insufficientScope, .accessRefused, .agentExists, .agentNotFound,
        .backendDisabled, .configInvalid,
        .internalError, .storageFailed, .toolChanged, .toolNotApproved,
        .licenseRefused, .licenseServerFailed,
    ]

    @Test func theTableIsComplete() {
        #expect(Set(ErrorCode.all) == Set(Self.notSent + Self.maybeSent + Self.others))
        #expect(ErrorCode.all.map(\.rawValue) == ErrorCode.all.map(\.rawValue).sorted())
        for code in ErrorCode.all {
            #expect(code.rawValue.utf8.allSatisfy { 0x41...0x5A ~= $0 || $0 == 0x5F }, "\(code)")
        }
    }

    @Test func tryingAgainIsOnlyOfferedForWhatWasNotSent() {
        for code in Self.notSent { #expect(code.traits.retryable, "\(code)") }
        for code in Self.maybeSent + Self.others { #expect(!code.traits.retryable, "\(code)") }
        for code in ErrorCode.all {
            #expect(GateError(code, "x").retryable == code.traits.retryable)
            #expect(!GateError(code, "x", sent: true).retryable, "\(code)")
        }
    }

    /// -32099…-32000 belongs to the protocol; its own codes are JSON-RPC's five.
    @Test func rpcCodesAndStatuses() {
        var own: Set<Int> = []
        for code in ErrorCode.all {
            let traits = code.traits
            #expect(400...599 ~= traits.status, "\(code)")
            if traits.rpcCode < 0 {
                #expect([-32700, -32600, -32601, -32602, -32603].contains(traits.rpcCode), "\(code)")
            } else {
                #expect(own.insert(traits.rpcCode).inserted, "\(code) shares its JSON-RPC code")
            }
            #expect(!(-32099 ... -32000).contains(traits.rpcCode), "\(code)")
        }
        #expect(ErrorCode.timeout.traits.status == 504 && ErrorCode.invalidJSON.traits.rpcCode == -32700)
    }

    @Test func whatBackendsDoIsAToolOutcome() {
        for code in Self.maybeSent + [.circuitOpen, .overloaded, .starting, .backendDown, .backendDisabled, .draining] {
            #expect(code.traits.isToolOutcome, "\(code)")
        }
        for code in [ErrorCode.badRequest, .toolNotFound, .sessionNotFound, .internalError] {
            #expect(!code.traits.isToolOutcome)
        }
    }

    @Test func unknownCodesSurvive() throws {
        let error = GateError(ErrorCode(rawValue: "FROM_THE_FUTURE"), "x")
        #expect(error.status == 500 && error.code.traits.rpcCode == -32603 && !error.retryable)
        #expect(try #require(GateError(json: error.json)) == error)
    }

    @Test func jsonRoundTrip() throws {
        for code in ErrorCode.all {
            for sent in [false, true] {
                let plain = GateError(code, "Words\n\"é\"", sent: sent)
                #expect(try #require(GateError(json: JSONValue(parsing: plain.json.bytes))) == plain)
                let full = GateError(
                    code, "m", source: .backend, server: "web", tool: "search", sent: sent, retryAfter: 3,
                    correlationID: "c-1",
                    detail: Array(#"{"code":-32000,"message":"no","data":1.10}"#.utf8))
                #expect(try #require(GateError(json: JSONValue(parsing: full.json.bytes))) == full)
            }
        }
    }

    @Test func jsonForm() {
        let error = GateError(.overloaded, "Busy.", server: "web", retryAfter: 2)
        #expect(
            error.json.text
                == #"{"error":"Busy.","code":"OVERLOADED","source":"gateway","sent":false,"retryable":true,"server":"web","retry_after":2}"#
        )
        #expect(error.description == "OVERLOADED: Busy." && error.status == 503)
        #expect(GateError(.timeout, "x", detail: Array("{broken".utf8)).json["detail"] == nil)
    }

    @Test(arguments: [
        "{}", "[]", "null", #"{"error":"x"}"#, #"{"code":"X"}"#, #"{"error":1,"code":"X"}"#,
        #"{"error":{"code":"X"},"code":1}"#,
    ])
    func otherValuesAreNoErrors(_ text: String) throws {
        #expect(GateError(json: try JSONValue(parsing: text)) == nil)
    }

    @Test func wrongKindsOfMembersAreIgnored() throws {
        let text =
            #"{"error":"x","code":"TIMEOUT","source":"moon","sent":1,"retryable":"yes","retry_after":1.5,"server":[]}"#
        #expect(GateError(json: try JSONValue(parsing: text)) == GateError(.timeout, "x"))
    }

    /// A call that may have been carried out is not offered again, whatever the text says.
    @Test func sentAndRetryableDoNotGoTogether() throws {
        let text = #"{"error":"x","code":"TIMEOUT","sent":true,"retryable":true}"#
        #expect(try #require(GateError(json: JSONValue(parsing: text))).retryable == false)
    }
}
