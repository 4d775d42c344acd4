/// What the command line asks for; `--help` prints the same list for people.
struct Options {
    enum Era: String { case legacy, modern, both, old }
    enum ReplyForm: String { case auto, json, sse }

    var httpPort: UInt16?
    var httpSSE = false
    var reply = ReplyForm.auto
    var era = Era.both
    var protocolVersion: String?
    var probeError = -32602
    var oldDies = false
    var lateHeader = false
    var startDelay = 0
    var name = "fakemcp"
    var prefix = ""
    var extraTools = 0
    var only: [String]?
    var definitions: String?
    var resources = 0
    var prompts: [String] = []
    var uris: [String] = []
    var templates: [String] = []
    var isToolless = false
    var tasks = false
    var pageSize = 0
    var ledger: String?
    var evil: Evil?
    /// The number behind `=` of the evil mode.
    var evilCount: Int?
    /// Whether the handshake and lists are spoilt too, or only answers to calls.
    var evilOnAll = false
    /// Calls that are answered well before the evil begins.
    var evilAfter = 0
    var grandchild = false
    /// Starts a daemon and exits.
    var midwife = false

    static let modernVersion = "2026-07-28"
    static let legacyVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

    /// The newest handshake revision this server offers.
    var newestLegacy: String { protocolVersion ?? (era == .old ? "2024-11-05" : "2025-11-25") }

    static let help = """
        fakemcp: a scripted MCP server for tests

          --stdio | --http PORT      transport; port 0 takes a free one; "fakemcp listening on URL" goes to stderr
          --http-sse                 with --http: the 2024-11-05 transport (GET /sse, POST /messages)
          --reply auto|json|sse      with --http: form of answers
          --era legacy|modern|both|old   old: falls silent when the first message is not initialize, dies at the next
          --old-dies                 with --era old: dies at once instead
          --protocol-version V       newest handshake revision offered
          --probe-error CODE         what a legacy server answers to server/discover (-32602)
          --late-header              over modern HTTP, echo wants its text in a header; the first list does not say so
          --start-delay-ms N         sleeps before anything is read
          --name NAME --prefix P     server name; prefix of tool names
          --tools N                  adds tool_1 … tool_N
          --only a,b                 keeps only these of the standard tools
          --definitions FILE         adds the definitions of this JSON array, read anew for each list; or FAKEMCP_DEFINITIONS
          --resources N              adds resources test://note/1 … N, and tools that change and follow them
          --prompts a,b              adds prompts
          --uris u1,u2 --templates t1,t2   adds resources and resource templates
          --toolless                 has no tools and does not know their methods
          --tasks                    adds the tool job, which is served as a task: only so in the session revisions
          --page-size N              pages of tools/list
          --ledger FILE              one fsynced line for each executed call
          --evil MODE[=N]            \(Evil.allCases.map(\.rawValue).joined(separator: " "))
          --evil-on calls|all        what answer-spoiling modes spoil (calls)
          --evil-after N             calls answered well before the evil begins (0)
        """

    struct Problem: Error { var text: String }

    init(_ arguments: [String]) throws(Problem) {
        var rest = arguments[...]
        func fail(_ flag: String, _ value: String) -> Problem { Problem(text: "bad value \(value) for \(flag)") }
        while let flag = rest.popFirst() {
            switch flag {
            case "--stdio": httpPort = nil
            case "--http-sse": httpSSE = true
            case "--old-dies": oldDies = true
            case "--late-header": lateHeader = true
            case "--grandchild": grandchild = true
            case "--midwife": midwife = true
            case "--tasks": tasks = true
            case "--toolless": isToolless = true
            default:
                guard let value = rest.popFirst() else { throw Problem(text: "unknown flag or missing value: \(flag)") }
                guard try set(flag, value) else { throw fail(flag, value) }
            }
        }
    }

    private mutating func set(_ flag: String, _ value: String) throws(Problem) -> Bool {
        switch flag {
        case "--http": return assign(&httpPort, UInt16(value))
        case "--reply": return assign(&reply, ReplyForm(rawValue: value))
        case "--era": return assign(&era, Era(rawValue: value))
        case "--protocol-version": protocolVersion = value
        case "--probe-error": return assign(&probeError, Int(value))
        case "--start-delay-ms": return assign(&startDelay, Int(value))
        case "--name": name = value
        case "--prefix": prefix = value
        case "--tools": return assign(&extraTools, Int(value))
        case "--only": only = value.split(separator: ",").map(String.init)
        case "--definitions": definitions = value
        case "--resources": return assign(&resources, Int(value))
        case "--prompts": prompts = Options.list(value)
        case "--uris": uris = Options.list(value)
        case "--templates": templates = Options.list(value)
        case "--page-size": return assign(&pageSize, Int(value))
        case "--ledger": ledger = value
        case "--evil":
            let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
            evilCount = parts.count > 1 ? Int(parts[1]) : nil
            return assign(&evil, Evil(rawValue: parts.first ?? ""))
        case "--evil-on":
            evilOnAll = value == "all"
            return evilOnAll || value == "calls"
        case "--evil-after": return assign(&evilAfter, Int(value))
        default: throw Problem(text: "unknown flag \(flag)")
        }
        return true
    }

    private static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    private func assign<Value>(_ place: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        place = value
        return true
    }
}
