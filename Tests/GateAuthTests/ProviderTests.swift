import GateCore
import GateProtocol
import GateTestKit
import Testing

@testable import GateAuth

/// Asking a provider: where, and what is believed.
@Suite struct ProviderTests {
    @Test func metadataAreLookedForInThisOrder() {
        #expect(
            ProviderMetadata.addresses(issuer: "https://id.example") == [
                "https://id.example/.well-known/oauth-authorization-server",
                "https://id.example/.well-known/openid-configuration",
            ])
        #expect(
            ProviderMetadata.addresses(issuer: "https://id.example/")
                == ProviderMetadata.addresses(issuer: "https://id.example"))
        #expect(
            ProviderMetadata.addresses(issuer: "https://id.example:8443/realms/one/") == [
                "https://id.example:8443/.well-known/oauth-authorization-server/realms/one",
                "https://id.example:8443/.well-known/openid-configuration/realms/one",
                "https://id.example:8443/realms/one/.well-known/openid-configuration",
            ])
    }

    @Test(arguments: [
        ("https://id.example", #"{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}"#, nil),
        (
            "https://id.example", #"{"issuer":"https://id.example/","jwks_uri":"https://id.example/keys"}"#,
            "another issuer"
        ),
        ("https://id.example", #"{"jwks_uri":"https://id.example/keys"}"#, "another issuer"),
        ("https://id.example", #"{"issuer":"https://id.example"}"#, "no jwks_uri"),
        ("https://id.example", #"{"issuer":"https://id.example","jwks_uri":"http://id.example/keys"}"#, "no https"),
        ("https://id.example", #"{"issuer":"https://id.example","jwks_uri":"http://127.0.0.1/keys"}"#, "no https"),
        ("https://id.example", #"{"issuer":"https://id.example","jwks_uri":"file:///etc/passwd"}"#, "no https"),
        ("https://id.example", #"{"issuer":"https://id.example","jwks_uri":"https://a@id.example/"}"#, "no https"),
        ("https://id.example", #"{"issuer":"https://id.example","jwks_uri":"https://id.example/ x"}"#, "no https"),
        ("http://localhost:9", #"{"issuer":"http://localhost:9","jwks_uri":"http://localhost:9/keys"}"#, nil),
        ("https://id.example", "<html>", "not the JSON"), ("https://id.example", "[]", "not the JSON"),
    ])
    func whatIsBelievedOfMetadata(_ issuer: String, _ document: String, _ words: String?) {
        do throws(KeyFault) {
            let address = try ProviderMetadata.keysAddress(Array(document.utf8), issuer: issuer)
            #expect(words == nil && address.hasSuffix("/keys"))
        } catch {
            #expect(words.map(error.words.contains) == true, "\(error)")
        }
    }

    private static let set = #"{"keys":[]}"#

    /// What a provider answers, and what is said of it.
    @Test(arguments: [
        (302, "", "redirects (302)"), (404, "", "answers 404"), (500, "{}", "answers 500"),
        (200, "<html>", "not the JSON"),
        (200, #"{"keys":[]}"#, "no public key"),
        (200, #"{"keys":["# + String(repeating: " ", count: 300 * 1_024) + "]}", "larger than"),
    ])
    func aHostileProviderIsRefused(_ status: Int, _ body: String, _ words: String) async throws {
        let server = try ScriptedServer { request in
            request.path == "/keys"
                ? .reply(status, body, headers: status == 302 ? ["Location": "/elsewhere"] : [:])
                : .ok(TestTokens.set([]))
        }
        let provider = try KeyProvider(issuer: server.url, keysURL: server.url + "/keys", caFile: nil)
        guard case .failure(let fault) = await provider.ask() else {
            Issue.record("it was believed")
            return
        }
        #expect(fault.words.contains(words), "\(fault)")
        #expect(server.requests.all.map(\.path) == ["/keys"])
        await provider.shutdown()
    }

    /// Discovery, once; and again when the keys have moved.
    @Test func keysAreFoundThroughTheIssuer() async throws {
        let key = try TestKey(.ed25519, id: "k")
        let keys = TestTokens.set([try key.jwk()])
        let places = Journal<String>(name: "places")
        let server = try ScriptedServer { request in
            let host = "http://" + (request["host"] ?? "")
            switch request.path {
            case "/.well-known/openid-configuration":
                let place = places.all.last ?? "/keys"
                return .ok(#"{"issuer":"\#(host)","jwks_uri":"\#(host)\#(place)"}"#)
            case places.all.last ?? "/keys": return .ok(keys)
            default: return .reply(404, "")
            }
        }
        let provider = try KeyProvider(issuer: server.url, keysURL: nil, caFile: nil)
        #expect(try await provider.ask().get().keys.count == 1)
        #expect(try await provider.ask().get().keys.count == 1)
        let seen = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/keys", "/keys"]
        #expect(server.requests.all.map(\.path) == seen)
        places.append("/moved")
        #expect((try? await provider.ask().get()) == nil)
        #expect(try await provider.ask().get().keys.count == 1)
        await provider.shutdown()
    }

    /// Plain HTTP is for this machine: a name that resolves elsewhere is not connected to, and what waits is failed at the end.
    @Test func aSilentProviderIsLeftAtTheStop() async throws {
        let server = try ScriptedServer { _ in .hold }
        let provider = try KeyProvider(issuer: server.url, keysURL: server.url + "/keys", caFile: nil)
        async let answer = provider.ask()
        _ = try await server.requests.first { _ in true }
        await provider.shutdown()
        guard case .failure = await answer else {
            Issue.record("there was an answer")
            return
        }
    }

    @Test func filesAreReadStrictly() throws {
        let directory = try TemporaryDirectory()
        func words(_ path: String) -> String {
            do throws(KeyFault) {
                return "\(try KeyFile(path: path).read().keys.count)"
            } catch {
                return error.words
            }
        }
        #expect(words(directory.file("none")).contains("cannot be opened: No such file"))
        #expect(words(directory.path).contains("is no regular file"))
        try directory.write("{}", to: "keys.json")
        #expect(words(directory.file("keys.json")).contains("has no array `keys`"))
        try directory.write(TestTokens.set([TestKey(.ed25519, id: nil).jwk()]), to: "keys.json")
        #expect(words(directory.file("keys.json")) == "1")
    }

    @Test func clientsAreToldWhereToAsk() {
        func resource(_ address: String) -> ProtectedResource {
            ProtectedResource(resource: address, issuer: "https://id.example", scopes: ["a", "b"])
        }
        #expect(
            resource("https://gate.example/mcp").metadataURL
                == "https://gate.example/.well-known/oauth-protected-resource/mcp")
        #expect(
            resource("https://gate.example").metadataURL == "https://gate.example/.well-known/oauth-protected-resource")
        #expect(
            resource("https://gate.example/").metadataURL == "https://gate.example/.well-known/oauth-protected-resource"
        )
        #expect(
            resource("https://gate.example/mcp").challenge(.insufficientScope)
                == #"Bearer realm="stonegate", resource_metadata="https://gate.example/.well-known/oauth-protected-resource/mcp", error="insufficient_scope", scope="a b""#
        )
        // RFC 6750: neither quotes nor backslashes.
        for fault in TokenFault.allCases {
            #expect(fault.words.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }, "\(fault)")
        }
    }
}
