import GateHTTP
import NIOCore
import NIOHTTP1
import Testing

@Suite struct BasicTests {
    @Test func answersAndKeepsTheConnection() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            for number in 1...3 {
                client.send(
                    "POST /a%2Fb?q=\(number)&x=%20 HTTP/1.1\r\nHost: localhost:3393\r\nContent-Length: 3\r\n\r\nabc")
                let response = try await client.readResponse()
                #expect(response.status == 200)
                #expect(response.body == "POST /a%2Fb?q=\(number)&x=%20 abc")
                #expect(response["content-type"] == "text/plain")
                #expect(response["connection"] == nil)
                #expect(response["date"]?.hasSuffix(" GMT") == true)
            }
            #expect(server.server.connectionCount == 1)
        }
    }
}
