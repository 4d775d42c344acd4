import GateProtocol
import Testing

@Suite struct EnvelopeTests {
    /// A message taken apart, with the texts that its ranges name.
    private struct Message {
        var kind: Envelope.Kind
        var id: String?
        var method: String?
        var params: [String]?
        var meta: [String]?
        var result: [String]?
        var error: [String]?
    }

    private func scan(_ text: String, limits: JSONLimits = .standard) throws(EnvelopeFault) -> Message {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { buffer in
            Result { () throws(EnvelopeFault) in
                let found = try Envelope.scan(buffer, limits: limits)
                func slice(_ range: Range<Int>) -> String { String(decoding: buffer[range], as: UTF8.self) }
                func members(_ fields: JSONFields?) -> [String]? {
                    fields?.list.map { "\(slice($0.key))=\(slice($0.value))" }
                }
                return Message(
                    kind: found.kind, id: found.id.map { slice($0.value) },
                    method: found.method.map { slice($0.content) },
                    params: members(found.params), meta: members(found.meta), result: members(found.result),
                    error: members(found.error))
            }
        }.get()
    }

    private func code(_ text: String) -> Int? {
        do throws(EnvelopeFault) {
            _ = try scan(text)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func request() throws {
        let message = try scan(
            #" {"jsonrpc":"2.0", "id" : "a\u0041" ,"method":"tools/call","params":{ "name":"x","arguments":{ "n":1.10 },"_meta":{"progressToken": 7 } } } "#
        )
        #expect(message.kind == .request)
        #expect(message.id == #""a\u0041""#)
        #expect(message.method == "tools/call")
        #expect(message.params == [#"name="x""#, #"arguments={ "n":1.10 }"#, #"_meta={"progressToken": 7 }"#])
        #expect(message.meta == ["progressToken=7"])
        #expect(message.result == nil && message.error == nil)
    }

    @Test func notification() throws {
        let message = try scan(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        #expect(message.kind == .notification && message.id == nil && message.params == nil && message.meta == nil)
    }

    @Test func result() throws {
        let message = try scan(#"{"jsonrpc":"2.0","id":1,"result":{"content":[ ],"_meta":{"a":1}}}"#)
        #expect(message.kind == .result && message.id == "1" && message.method == nil)
        #expect(message.result == ["content=[ ]", #"_meta={"a":1}"#] && message.meta == ["a=1"])
        for other in ["null", "[]", "1", #""x""#, "true"] {
            let message = try scan(#"{"jsonrpc":"2.0","id":1,"result":\#(other)}"#)
            #expect(message.kind == .result && message.result == nil)
        }
    }

    @Test func failure() throws {
        let text = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no","data":{}}}"#
        let message = try scan(text)
        #expect(
            message.kind == .failure && message.id == "1"
                && message.error == ["code=-32000", #"message="no""#, "data={}"])
        for id in ["", #""id":null,"#, #""id":[],"#] {
            let message = try scan(#"{"jsonrpc":"2.0",\#(id)"error":{"code":1,"message":""}}"#)
            #expect(message.kind == .failure && message.id == nil)
        }
        // The member that does not apply may be there as a null.
        #expect(try scan(#"{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1}}"#).kind == .failure)
        #expect(try scan(#"{"jsonrpc":"2.0","id":1,"error":null,"result":{}}"#).kind == .result)
    }

    /// Ids are echoed as they are written; `1.0` and `1e0` are left to whoever answers.
    @Test(arguments: [
        "1", "0", "-0", "-7", #""1""#, #""""#, #""\u0031""#, "9007199254740993", "-9223372036854775808",
        "18446744073709551615", "1.0", "1e0", #""é""#,
    ])
    func idsThatAreKept(_ id: String) throws {
        #expect(try scan(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#).id == id)
        #expect(try scan(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#).id == id)
    }

    @Test(arguments: [
        "null", "true", "false", "[]", "[1]", "{}", #"{"a":1}"#, String(repeating: "1", count: 21),
        String(repeating: "9", count: 40),
    ])
    func idsThatAreRefused(_ id: String) {
        #expect(code(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#) == -32600)
        #expect(code(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#) == -32600)
    }

    @Test func longIdsAndMethods() {
        func request(id: Int, method: Int) -> String {
            let (id, method) = (String(repeating: "i", count: id), String(repeating: "m", count: method))
            return #"{"jsonrpc":"2.0","id":"\#(id)","method":"\#(method)"}"#
        }
        #expect(code(request(id: 254, method: 256)) == nil)
        #expect(code(request(id: 255, method: 1)) == -32600)
        #expect(code(request(id: 1, method: 257)) == -32600)
    }

    @Test(arguments: [
        // The same key twice: readers disagree on which one counts.
        #"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#, #"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#,
        #"{"jsonrpc":"2.0","jsonrpc":"2.0","method":"a"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{},"params":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{},"para\u006ds":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","para\u006ds":{},"params":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","m\u0065thod":"b"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","name":"y"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","n\u0061me":"y"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{},"_meta":{}}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"a":1,"a":2}}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"a":1,"\u0061":2}}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}"#,
        #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"code":2}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a":1,"a":2}}}"#,
        // Not JSON, or not an object.
        "", " ", "{", "}", "null", "1", #""x""#, "\u{FEFF}{}", #"{"jsonrpc":"2.0","method":"a",}"#,
        #"{"jsonrpc":"2.0","method":"a"} {}"#, "[", "[1,]", "[1]x",
        #"{"jsonrpc":"2.0","method":"a","params":{"x":01}}"#,
        #"{"jsonrpc":"2.0","method":"a","params":{"arguments":{"x":[}}}"#,
    ])
    func isNotAcceptableJSON(_ text: String) {
        #expect(code(text) == -32700)
    }

    @Test(arguments: [
        "{}", #"{"jsonrpc":"2.0"}"#, #"{"jsonrpc":"2.0","id":1}"#, #"{"id":1,"method":"a"}"#,
        #"{"jsonrpc":2.0,"id":1,"method":"a"}"#,
        #"{"jsonrpc":"1.0","id":1,"method":"a"}"#, #"{"jsonrpc":"2.0 ","id":1,"method":"a"}"#,
        #"{"jsonrpc":"2\u002e0","id":1,"method":"a"}"#,
        #"{"JSONRPC":"2.0","id":1,"method":"a"}"#, #"{"jsonrpc":"2.0","id":1,"Method":"a"}"#,
        #"{"jsonrpc":"2.0","id":1,"METHOD":"a"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":1}"#, #"{"jsonrpc":"2.0","id":1,"method":null}"#,
        #"{"jsonrpc":"2.0","id":1,"method":["a"]}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tools\u002fcall"}"#, #"{"jsonrpc":"2.0","id":1,"method":"tools\/call"}"#,
        #"{"jsonrpc":"2.0","id":1,"m\u0065thod":"a"}"#,
        #"{"jsonrpc":"2.0","\u0069d":1,"method":"a"}"#, #"{"jsonrpc":"2.0","id":1,"method":"a","para\u006ds":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"n\u0061me":"x"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"\u005fmeta":{}}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":[]}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":null}"#, #"{"jsonrpc":"2.0","id":1,"method":"a","params":"x"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","params":1}"#,
        #"{"jsonrpc":"2.0","method":"a","params":[1]}"#, #"{"jsonrpc":"2.0","result":{}}"#,
        #"{"jsonrpc":"2.0","id":null,"result":{}}"#, #"{"jsonrpc":"2.0","id":1,"error":null}"#,
        #"{"jsonrpc":"2.0","id":1,"error":"x"}"#, #"{"jsonrpc":"2.0","id":1,"Result":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"r\u0065sult":{}}"#,
        "[]", "[{}]", #"[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"a"}]"#, " [1] ",
    ])
    func isNoMessage(_ text: String) {
        #expect(code(text) == -32600)
    }

    @Test func batchesAreToldApart() {
        #expect(throws: EnvelopeFault.batch) { try scan(#"[{"jsonrpc":"2.0","id":1,"method":"a"}]"#) }
        #expect(throws: EnvelopeFault.batch) { try scan("[]") }
    }

    @Test func faultsNameTheIdWhenItIsUsable() {
        let text = #"{"jsonrpc":"2.0","id":"x","method":"a","params":[]}"#
        #expect(throws: EnvelopeFault.invalid("\"params\" must be an object.", id: 22..<25)) { try scan(text) }
        #expect(throws: EnvelopeFault.invalid("The message lacks \"jsonrpc\": \"2.0\".", id: nil)) {
            try scan(#"{"id":null,"method":"a"}"#)
        }
        #expect(
            EnvelopeFault.json(JSONFault(.empty, at: 0)).message
                == "The message is not valid JSON: the text is empty (at byte 0).")
    }

    /// Every order of the members means the same.
    @Test func orderOfMembers() throws {
        let members = [#""jsonrpc":"2.0""#, #""id":1"#, #""method":"m""#, #""params":{"_meta":{"t":1},"name":"x"}"#]
        for first in 0..<4 {
            for second in 0..<4 where second != first {
                for third in 0..<4 where third != first && third != second {
                    let order = [first, second, third, 6 - first - second - third]
                    let message = try scan("{" + order.map { members[$0] }.joined(separator: ",") + "}")
                    #expect(message.kind == .request && message.id == "1" && message.method == "m")
                    #expect(message.meta == ["t=1"] && message.params?.count == 2)
                }
            }
        }
    }

    /// A request's `_meta` is never taken from a `result` beside it.
    @Test func metaOfTheOtherMemberIsNotUsed() throws {
        let (params, result) = (#""params":{"_meta":{"p":1}}"#, #""result":{"_meta":{"r":2}}"#)
        for members in [[params, result], [result, params]] {
            let text = members.joined(separator: ",")
            #expect(try scan(#"{"jsonrpc":"2.0","id":1,"method":"m",\#(text)}"#).meta == ["p=1"])
            #expect(try scan(#"{"jsonrpc":"2.0","id":1,\#(text)}"#).meta == ["r=2"])
        }
        #expect(try scan(#"{"jsonrpc":"2.0","id":1,"method":"m",\#(result)}"#).meta == nil)
    }

    @Test func metaOfAnotherKindIsNotLookedInto() throws {
        for meta in ["null", "1", "[]", #""x""#] {
            #expect(try scan(#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":\#(meta)}}"#).meta == nil)
        }
        // What the gateway does not route on, it does not judge.
        let arguments = #"{"a":1,"a":2,"\u0061":3,"x":"\ud800"}"#
        let message = try scan(
            #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":\#(arguments)},"other":{"a":1,"a":2}}"#)
        #expect(message.params == ["arguments=" + arguments])
    }

    @Test func depthCountsFromTheTop() {
        func request(_ depth: Int) -> String {
            let nested = String(repeating: "[", count: depth - 2) + String(repeating: "]", count: depth - 2)
            return #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":\#(nested)}}"#
        }
        #expect(code(request(64)) == nil)
        for depth in [65, 510, 100_000] { #expect(code(request(depth)) == -32700) }
        #expect(throws: EnvelopeFault.json(JSONFault(.tooManyValues, at: 42))) {
            try scan(#"{"jsonrpc":"2.0","id":1,"method":"m","x":[1,2,3]}"#, limits: JSONLimits(nodes: 5))
        }
    }
}
