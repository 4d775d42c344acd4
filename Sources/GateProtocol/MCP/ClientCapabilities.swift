/// What a client can be asked, as it declared itself: in `initialize` (up to 2025-11-25) or with each request (2026-07-28).
///
/// Only what a gateway has to decide on is kept; `experimental` and unknown members are not.
public struct ClientCapabilities: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Elicitation by a form.
    public static let elicitationForm = ClientCapabilities(rawValue: 1 << 0)
    /// Elicitation by a page that the user opens (2025-11-25 on).
    public static let elicitationURL = ClientCapabilities(rawValue: 1 << 1)
    public static let sampling = ClientCapabilities(rawValue: 1 << 2)
    /// Sampling with `tools` and `toolChoice` (2025-11-25 on).
    public static let samplingTools = ClientCapabilities(rawValue: 1 << 3)
    /// Sampling with `includeContext` other than `none`.
    public static let samplingContext = ClientCapabilities(rawValue: 1 << 4)
    public static let roots = ClientCapabilities(rawValue: 1 << 5)
    /// The extension `io.modelcontextprotocol/tasks` (2026-07-28).
    public static let tasks = ClientCapabilities(rawValue: 1 << 6)

    /// All that a backend's question can need.
    public static let questions: ClientCapabilities = [
        .elicitationForm, .elicitationURL, .sampling, .samplingTools, .samplingContext, .roots,
    ]

    public static let tasksExtension = "io.modelcontextprotocol/tasks"

    /// Reads a `capabilities` or `clientCapabilities` object. Members of the wrong kind count as absent.
    ///
    /// `"elicitation": {}` means forms: URLs came later and have to be named.
    public init(_ declared: JSONValue) {
        var found: ClientCapabilities = []
        if let elicitation = declared["elicitation"], elicitation.objectValue != nil {
            let form = elicitation["form"]?.objectValue != nil
            let url = elicitation["url"]?.objectValue != nil
            if form || !url { found.insert(.elicitationForm) }
            if url { found.insert(.elicitationURL) }
        }
        if let sampling = declared["sampling"], sampling.objectValue != nil {
            found.insert(.sampling)
            if sampling["tools"]?.objectValue != nil { found.insert(.samplingTools) }
            if sampling["context"]?.objectValue != nil { found.insert(.samplingContext) }
        }
        if declared["roots"]?.objectValue != nil { found.insert(.roots) }
        if declared["extensions"]?[ClientCapabilities.tasksExtension]?.objectValue != nil { found.insert(.tasks) }
        self = found
    }

    /// As a backend is told: a JSON object in the form that all revisions from 2025-11-25 on read. The tasks extension is left out.
    public var json: JSONValue {
        var members = JSONObject()
        if !isDisjoint(with: [.elicitationForm, .elicitationURL]) {
            var modes = JSONObject()
            if contains(.elicitationForm) { modes["form"] = .object(JSONObject()) }
            if contains(.elicitationURL) { modes["url"] = .object(JSONObject()) }
            members["elicitation"] = .object(modes)
        }
        if contains(.sampling) {
            var parts = JSONObject()
            if contains(.samplingTools) { parts["tools"] = .object(JSONObject()) }
            if contains(.samplingContext) { parts["context"] = .object(JSONObject()) }
            members["sampling"] = .object(parts)
        }
        if contains(.roots) { members["roots"] = .object(JSONObject()) }
        return .object(members)
    }
}
