import GateConfig
import GateProtocol
import GateTestKit
import NIOHTTP1
import Testing

@testable import GateServer

/// The document tells what is served, and what is served is as the document tells.
@Suite struct OpenAPITests {
    @Test func everyRouteIsDescribed() async throws {
        try await RESTRig.with { (rig) async throws in
            let document = try await rig.get("/openapi.json").json
            #expect(document["openapi"] == "3.1.0")
            let paths = try #require(document["paths"]?.objectValue)
            let routes = RouteTable.standard(rig.services).routes
            #expect(Set(paths.keys) == Set(routes.map(\.path)))
            for route in routes {
                let operation = try #require(paths[route.path]?[route.method.rawValue.lowercased()])
                #expect(operation["summary"]?.stringValue?.isEmpty == false)
                #expect((operation["security"] != nil) == (route.access == .admin), "\(route.path)")
                #expect((operation["requestBody"] != nil) == (route.method == .POST), "\(route.path)")
                let named = (operation["parameters"]?.arrayValue ?? []).filter { $0["in"] == "path" }
                let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }
                #expect(
                    named.compactMap { $0["name"]?.stringValue } == inPath.map { String($0.dropFirst().dropLast()) })
            }
        }
    }

    @Test func realAnswersFollowTheDocument() async throws {
        try await RESTRig.with { (rig) async throws in
            let document = try await rig.get("/openapi.json").json
            let paths = try #require(document["paths"]?.objectValue?.members)
            let accepted = try await rig.post("/call/async", #"{"server":"alpha","tool":"echo"}"#).json
            let id = try #require(accepted["call_id"]?.stringValue)
            for name in ["known", "old", "gone"] {
                _ = try rig.services.access.add(.init(name: name, grant: .init()), now: 0)
            }
            var checked = 0
            for (path, item) in paths.map({ ($0.key, $0.value) }) {
                for (method, operation) in (item.objectValue?.members ?? []).map({ ($0.key, $0.value) }) {
                    let responses = try #require(operation["responses"]?.objectValue?.members)
                    let success = try #require(responses.first { $0.key != "default" })
                    guard let schema = success.value["content"]?["application/json"]?["schema"] else { continue }
                    // Nothing is in this log; CallLogTests asks the real one.
                    if path == "/call/{id}/explain" { continue }
                    let target = path.split(separator: "/").map {
                        $0 == "{server}" ? "beta" : $0 == "{tool}" ? "weather" : $0 == "{id}" ? id : String($0)
                    }
                    let bodies = [
                        "/call": #"{"server":"alpha","tool":"echo","arguments":{}}"#,
                        "/call/async": #"{"server":"alpha","tool":"echo","arguments":{}}"#,
                        "/server/add": #"{"name":"gamma","command":"/bin/cat"}"#,
                        "/agents/add": #"{"name":"ci","allow":["*"]}"#, "/agents/token": #"{"id":"old"}"#,
                        "/agents/remove": #"{"id":"gone"}"#,
                        "/integrity/approve":
                            #"{"tools":[{"server":"alpha","tool":"echo","digest":"\#(String(repeating: "0", count: 64))"}]}"#,
                        "/license/activate": #"{"key":"SG-TEST"}"#,
                    ]
                    let queries = ["/events": "?format=json", "/access/explain": "?agent=known&item=alpha/echo"]
                    let reply = try await rig.send(
                        method.uppercased(),
                        "/" + target.joined(separator: "/") + (queries[path] ?? ""), .admin,
                        body: method == "post" ? bodies[path] ?? #"{"name":"alpha"}"# : nil)
                    #expect(String(reply.status) == success.key, "\(method) \(path)")
                    #expect(try SchemaCheck.faults(of: reply.json, against: schema) == [], "\(method) \(path)")
                    checked += 1
                }
            }
            let routes = RouteTable.standard(rig.services).routes
            #expect(
                checked == routes.count { $0.responseSchema != nil } - 1, "all routes but those of the page and streams"
            )
        }
    }

    @Test func errorsFollowTheDocument() async throws {
        try await RESTRig.with { (rig) async throws in
            let document = try await rig.get("/openapi.json").json
            let schema = try #require(document["components"]?["schemas"]?["Error"])
            let replies = try await [
                rig.get("/config"), rig.get("/nothing"), rig.get("/call"), rig.get("/tools/nope"),
                rig.post("/call", "{"), rig.send("GET", "/health", hosts: ["evil.example"]),
            ]
            for reply in replies {
                #expect(try SchemaCheck.faults(of: reply.json, against: schema) == [], "\(reply.text)")
            }
        }
    }

    /// The checker itself, so that its silence means something.
    @Test func theCheckerFindsFaults() {
        let schema: JSONValue = [
            "type": "object", "required": ["a"],
            "properties": ["a": ["type": "array", "items": ["type": "integer"]], "b": ["enum": ["x"]]],
        ]
        #expect(SchemaCheck.faults(of: ["a": [1, 2], "b": "x"], against: schema) == [])
        #expect(SchemaCheck.faults(of: [], against: schema).count == 1)
        #expect(SchemaCheck.faults(of: ["b": "y", "c": 1], against: schema).count == 3)
        #expect(SchemaCheck.faults(of: ["a": [1, 1.5, "1"]], against: schema).count == 2)
    }
}
