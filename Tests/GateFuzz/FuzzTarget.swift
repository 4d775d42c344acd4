/// Code that reads what strangers send, each with what must hold for every input: it may refuse, it may not trap, and it may not
/// contradict itself.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The JSON scanner, against the tree that is built from what it accepts.
    case json
    /// The envelope of a JSON-RPC message.
    case envelope
    /// Server-sent events from a backend, however they are cut.
    case events
    /// Lines from a child process, however they are cut.
    case lines
    /// The head of an HTTP request.
    case head
    /// Session ids that clients send back.
    case session
    /// The chunked coding of a request's body, however it is cut.
    case chunked
    /// The configuration file.
    case config
    /// Query strings and segments of paths.
    case query
    /// Addresses of servers, as they are decided on and as libcurl reads them.
    case url
    /// Tokens of agents and digests of them.
    case token
    /// Tokens of an identity provider and its key sets.
    case jwt
    /// Files of the data directory.
    case state
    /// Patterns of what a caller may use.
    case pattern

    /// Lets the code read the input.
    ///
    /// - Returns: nil when everything that must hold holds; else what does not, in words.
    package func check(_ input: [UInt8]) -> String? {
        switch self {
        case .json: JSONFuzz.check(input)
        case .envelope: EnvelopeFuzz.check(input)
        case .events: EventsFuzz.check(input)
        case .lines: LinesFuzz.check(input)
        case .head: HeadFuzz.check(input)
        case .session: SessionFuzz.check(input)
        case .chunked: ChunkedFuzz.check(input)
        case .config: ConfigFuzz.check(input)
        case .query: QueryFuzz.check(input)
        case .url: URLFuzz.check(input)
        case .token: TokenFuzz.check(input)
        case .jwt: JWTFuzz.check(input)
        case .state: StateFuzz.check(input)
        case .pattern: PatternFuzz.check(input)
        }
    }
}
