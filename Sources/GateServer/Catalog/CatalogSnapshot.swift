import GateCore
import GateProtocol
import GateBackend
import NIOCore
import Synchronization

/// The catalog at one moment. Nothing in it changes, so every reader works on it without a lock; listings are made once and kept.
final class CatalogSnapshot: Sendable {
    let tools: [CatalogTool]
    /// Only the tools that have arguments to repeat in headers: almost always none.
    let mirrors: [ToolTarget: HeaderMirror]
    /// Tools that say they do no harm when a call is repeated. Only of use where the operator trusts what the server says.
    let repeatable: Set<ToolTarget>
    /// Only the tools that say something of tasks.
    private let taskSupports: [ToolTarget: TaskSupport]
    private let byName: [ExactText: Int]
    private let listings = Mutex<[Listing: ByteBuffer]>([:])

    private struct Listing: Hashable {
        let visibility: Visibility
        let isLegacy: Bool
        let offersTasks: Bool
    }

    /// Callers choose their own `?servers=`, so what they chose is kept in bounded number.
    private static let maxListings = 256

    init(tools: [CatalogTool], mirrors: [ToolTarget: HeaderMirror] = [:], repeatable: Set<ToolTarget> = []) {
        self.tools = tools
        self.mirrors = mirrors
        self.repeatable = repeatable
        let speaking = tools.filter { $0.taskSupport != .unstated }
        taskSupports = Dictionary(speaking.map { ($0.target, $0.taskSupport) }) { first, _ in first }
        byName = Dictionary(tools.enumerated().map { (ExactText($0.element.name), $0.offset) }) { first, _ in first }
    }

    func tool(named name: String) -> CatalogTool? { byName[ExactText(name)].map { tools[$0] } }

    func tools(_ visibility: Visibility) -> [CatalogTool] {
        visibility == .all ? tools : tools.filter { visibility.sees($0.target.server) }
    }

    func taskSupport(_ target: ToolTarget) -> TaskSupport {
        taskSupports.isEmpty ? .unstated : taskSupports[target] ?? .unstated
    }

    /// The JSON array of the tools that are seen.
    /// - Parameter offersTasks: whether tools are listed as such that can be called as a task, unless they speak for themselves.
    func listing(_ visibility: Visibility, era: ProtocolEra, offersTasks: Bool = false) -> ByteBuffer {
        let key = Listing(visibility: visibility, isLegacy: era == .legacy, offersTasks: offersTasks)
        if let known = listings.withLock({ $0[key] }) { return known }
        let seen = tools(visibility)
        var out = ByteBuffer()
        out.reserveCapacity(seen.reduce(2) { $0 + $1.definition.readableBytes + 1 })
        out.writeStaticString("[")
        for (index, tool) in seen.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            let definition = (key.isLegacy ? tool.legacyDefinition : nil) ?? tool.definition
            guard offersTasks, tool.taskSupport == .unstated,
                let open = definition.getSlice(at: definition.readerIndex, length: max(0, definition.readableBytes - 1))
            else {
                out.writeImmutable(definition)
                continue
            }
            out.writeImmutable(open)
            out.writeString("," + TaskSupport.listed + "}")
        }
        out.writeStaticString("]")
        let made = out
        listings.withLock { listings in
            if listings.count >= CatalogSnapshot.maxListings { listings.removeAll() }
            listings[key] = made
        }
        return made
    }

    /// Tells whether what a caller sees has changed.
    func fingerprint(_ visibility: Visibility) -> UInt64 {
        StableHash.fnv1a(listing(visibility, era: .modern).readableBytesView)
    }
}
