import GateTestKit
import Testing

@testable import GateServer

/// What a page of another site can make a browser send without asking first.
@Suite struct CrossSiteTests {
    private static let simpleTypes: [String?] = [
        nil, "text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "text/plain; application/json", "text/plain,application/json", "",
        "application/jsonp", "application/json-patch+json", "json",
    ]
    private static let changes = ["add", "start", "stop", "restart", "remove"]

    @Test func aSimpleRequestChangesNothing() async throws {
        try await RESTRig.with { (rig) async throws in
            for type in CrossSiteTests.simpleTypes {
                let headers = type.map { [("Content-Type", $0)] } ?? []
                for action in CrossSiteTests.changes {
                    let reply = try await rig.send(
                        "POST", "/server/\(action)", headers: headers, body: #"{"name":"alpha"}"#)
                    #expect(reply.status == 401, "\(action) as \(type ?? "nothing")")
                }
                let call = try await rig.send("POST", "/call", headers: headers, body: #"{"tool":"echo"}"#)
                #expect(call.status == 415, "call as \(type ?? "nothing")")
                #expect(call.code == "UNSUPPORTED_MEDIA_TYPE")
            }
            #expect(rig.isUntouched)
        }
    }

    @Test func jsonIsTakenInAllItsSpellings() async throws {
        try await RESTRig.with { (rig) async throws in
            for type in [
                "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;x",
            ] {
                let reply = try await rig.send(
                    "POST", "/call", headers: [("Content-Type", type)], body: #"{"tool":"echo"}"#)
                #expect(reply.status == 200, "\(type)")
            }
        }
    }

    /// No page can attach the token, so what comes with it needs no further proof: `curl -d` works as it is.
    @Test func withTheTokenAnyContentTypeWorks() async throws {
        try await RESTRig.with { (rig) async throws in
            for type in CrossSiteTests.simpleTypes {
                let headers = type.map { [("Content-Type", $0)] } ?? []
                let reply = try await rig.send(
                    "POST", "/server/restart", .admin, headers: headers, body: #"{"name":"alpha"}"#)
                #expect(reply.status == 200, "\(type ?? "nothing")")
                let call = try await rig.send("POST", "/call", .admin, headers: headers, body: #"{"tool":"echo"}"#)
                #expect(call.status == 200, "\(type ?? "nothing")")
            }
        }
    }

    @Test func whatABrowserMarksAsForeignIsRefused() async throws {
        try await RESTRig.with { (rig) async throws in
            let table: [(String, Int)] = [
                ("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200),
            ]
            for (site, expected) in table {
                for credential in RESTRig.Credential.allCases {
                    let reply = try await rig.post(
                        "/call", #"{"tool":"echo"}"#, credential, headers: [("Sec-Fetch-Site", site)])
                    #expect(reply.status == expected, "\(site)")
                    let mcp = try await rig.post("/mcp", "{}", credential, headers: [("Sec-Fetch-Site", site)])
                    #expect(mcp.status == (expected == 200 ? 202 : 403), "\(site)")
                }
                let stop = try await rig.post(
                    "/server/stop", #"{"name":"alpha"}"#, .admin, headers: [("Sec-Fetch-Site", site)])
                #expect(stop.status == expected, "\(site)")
                // A link to the status page is followed from anywhere.
                let page = try await rig.send("GET", "/ui", headers: [("Sec-Fetch-Site", site)])
                #expect(page.status == 200, "\(site)")
            }
        }
    }

    /// The rig looks at every answer for headers that let other sites read it; here the preflight itself.
    @Test func aPreflightIsNotAnswered() async throws {
        try await RESTRig.with { (rig) async throws in
            for path in ["/call", "/server/add", "/server/list", "/health", "/nothing"] {
                let wanted = [
                    ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", "authorization,content-type"),
                ]
                let foreign = try await rig.send(
                    "OPTIONS", path, headers: [("Origin", "http://evil.example")] + wanted)
                #expect(foreign.status == 403, "\(path)")
                let own = try await rig.send("OPTIONS", path, headers: [("Origin", "http://localhost:3393")] + wanted)
                #expect(own.status == (path == "/nothing" ? 404 : 405), "\(path)")
            }
            #expect(rig.isUntouched)
        }
    }

    @Test func aTokenInTheURLIsNone() async throws {
        try await RESTRig.with { (rig) async throws in
            let token = rig.token
            for query in [
                "token=\(token)", "access_token=\(token)", "Authorization=Bearer+\(token)", "api_key=\(token)",
            ] {
                let reply = try await rig.get("/config?\(query)")
                #expect(reply.status == 401, "\(query)")
            }
        }
    }

    @Test func onlyOneWholeBearerTokenIsAccepted() async throws {
        try await RESTRig.with { (rig) async throws in
            let token = rig.token
            let table: [(String, Int)] = [
                ("Bearer \(token)", 200), ("bearer \(token)", 200), ("BEARER \(token)", 200), ("Basic \(token)", 401),
                (token, 401), ("Bearer", 401), ("Bearer ", 401), ("Bearer  \(token)", 401), ("Bearer \(token) x", 401),
                ("Bearer \(token.dropLast())", 401), ("Bearer \(token)A", 401), ("Bearer \(token.lowercased())", 401),
                ("Bearer \"\(token)\"", 401), ("Bearer,\(token)", 401), ("Bearer \(token),Bearer \(token)", 401),
            ]
            for (value, expected) in table {
                let reply = try await rig.send("GET", "/config", headers: [("Authorization", value)])
                #expect(reply.status == expected, "\(value)")
                if expected == 401 {
                    #expect(reply["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
                    #expect(reply.message.contains("stonegate token show"))
                    #expect(!reply.text.contains(token))
                }
            }
            let twice = [("Authorization", "Bearer \(token)"), ("Authorization", "Bearer wrong")]
            #expect(try await rig.send("GET", "/config", headers: twice).status == 401)
        }
    }
}
