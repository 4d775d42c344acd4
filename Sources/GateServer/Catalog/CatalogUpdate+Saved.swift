import GateBackend
import GateProtocol
import NIOCore

/// As it is kept between runs. How long lists are good is not: a restart of the gateway ends it.
extension CatalogUpdate {
    /// Members that are left out where the server says nothing.
    static let savedTexts = ["title", "instructions"]

    init(saved: JSONValue) {
        for kind in ListKind.allCases {
            guard let definitions = saved[kind.rawValue]?.arrayValue else { continue }
            lists[kind] = ListedItems(definitions.map { ByteBuffer(bytes: $0.bytes) })
        }
        // What an earlier version has kept says nothing of it.
        offers = saved["offers"]?.intValue.flatMap { UInt16(exactly: $0) }.map { BackendOffers(rawValue: $0) }
        title = saved["title"]?.stringValue
        instructions = saved["instructions"]?.stringValue
    }

    /// Members of the object that is kept.
    var saved: JSONObject {
        var members = JSONObject()
        for kind in ListKind.allCases {
            guard let list = lists[kind] else { continue }
            members[kind.rawValue] = .array(
                list.definitions.compactMap { try? JSONValue(parsing: Array(buffer: $0)) })
        }
        if let offers { members["offers"] = .init(Int(offers.rawValue)) }
        if let title { members["title"] = .string(title) }
        if let instructions { members["instructions"] = .string(instructions) }
        return members
    }
}
