import Foundation
import GateDiscovery

/// A catalog and its queries, as files of JSON lines.
struct Catalog {
    struct Server {
        var name: String
        var title: String?
        var description: String?
        var tools: [DiscoveryTool] = []
    }

    var servers: [Server] = []
    var queries: [LabelledQuery] = []

    init(folder: URL) throws {
        var places: [String: Int] = [:]
        for object in try Self.objects(folder.appendingPathComponent("servers.jsonl")) {
            let name = object["server"] as? String ?? ""
            places[name] = servers.count
            servers.append(
                Server(name: name, title: object["title"] as? String, description: object["description"] as? String))
        }
        for object in try Self.objects(folder.appendingPathComponent("tools.jsonl")) {
            guard let server = object["server"] as? String, let name = object["name"] as? String else { continue }
            let place = places[server] ?? servers.count
            if place == servers.count {
                places[server] = place
                servers.append(Server(name: server))
            }
            let tool = DiscoveryTool(
                name: name, description: object["description"] as? String ?? "",
                parameters: Self.parameters(object["parameters"]))
            servers[place].tools.append(tool)
        }
        let text = try String(contentsOf: folder.appendingPathComponent("queries.dev.jsonl"), encoding: .utf8)
        for line in text.split(separator: "\n") {
            queries.append(try JSONDecoder().decode(LabelledQuery.self, from: Data(line.utf8)))
        }
    }

    private static func objects(_ file: URL) throws -> [[String: Any]] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private static func parameters(_ schema: Any?) -> [DiscoveryTool.Parameter] {
        guard let properties = (schema as? [String: Any])?["properties"] as? [String: Any] else { return [] }
        return properties.sorted { $0.key < $1.key }.map { name, value in
            DiscoveryTool.Parameter(
                name: name, description: (value as? [String: Any])?["description"] as? String ?? "")
        }
    }

    var toolCount: Int { servers.reduce(0) { $0 + $1.tools.count } }

    func fill(_ index: DiscoveryIndex) {
        for server in servers {
            index.replace(
                server: server.name, title: server.title, description: server.description, tools: server.tools)
        }
    }
}
