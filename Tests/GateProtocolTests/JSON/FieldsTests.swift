import GateProtocol
import Testing

@Suite struct FieldsTests {
    private func scan<Answer>(_ text: String, _ body: (JSONFields, UnsafeRawBufferPointer) -> Answer) -> Answer? {
        Array(text.utf8).withUnsafeBytes { buffer in
            var scanner = JSONScanner(buffer)
            do throws(JSONFault) { return body(try scanner.scanObject(), buffer) } catch { return nil }
        }
    }

    private func slice(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
        String(decoding: text[range], as: UTF8.self)
    }

    @Test func rangesAreTheExactBytes() {
        let text = #"  { "a" : 1.10 , "b":"x\"y" ,"c":{ "d":[ ] }, "e":[ 1 , 2 ],"f" :null,"g":true,"h":"" }  "#
        scan(text) { fields, bytes in
            #expect(fields.list.map { slice(bytes, $0.key) } == ["a", "b", "c", "e", "f", "g", "h"])
            #expect(
                fields.list.map { slice(bytes, $0.value) } == [
                    "1.10", #""x\"y""#, #"{ "d":[ ] }"#, "[ 1 , 2 ]", "null", "true", #""""#,
                ])
            #expect(fields.list.map { slice(bytes, $0.content) }[1] == #"x\"y"#)
            #expect(fields.list.last?.content.isEmpty == true)
            #expect(slice(bytes, fields.range) == text.trimmed)
            #expect(fields.list.map(\.isNumber) == [true, false, false, false, false, false, false])
            #expect(fields.list.map(\.isString) == [false, true, false, false, false, false, true])
            #expect(fields.list[2].isObject && fields.list[3].isArray && fields.list[4].isNull && fields.list[5].isTrue)
        }
    }

    @Test(arguments: [
        (#"{"name":1}"#, true), (#"{"n\u0061me":1}"#, true), (#"{"\u006E\u0061\u006d\u0065":1}"#, true),
        (#"{"Name":1}"#, false),
        (#"{"nam":1}"#, false), (#"{"name ":1}"#, false), (#"{"names":1}"#, false), (#"{"":1}"#, false),
        (#"{}"#, false),
        (#"{"n\u0041me":1}"#, false), (#"{"\ud800name":1}"#, false), (#"{"nаme":1}"#, false),
        (#"{"x":{"name":1}}"#, false),
        (#"{"x":1,"name":2}"#, true),
    ])
    func find(_ text: String, _ found: Bool) {
        #expect(scan(text) { fields, bytes in fields.find("name", in: bytes) != nil } == found)
    }

    @Test func namesAreComparedAsBytes() {
        #expect(scan("{\"\u{212A}\":1}") { $0.find("K", in: $1) == nil } == true, "Kelvin sign")
        #expect(scan("{\"cafe\u{301}\":1}") { $0.find("caf\u{E9}", in: $1) == nil } == true)
        #expect(scan("{\"cafe\u{301}\":1,\"caf\u{E9}\":2}") { fields, _ in fields.list.count } == 2)
        #expect(scan("{\"param\u{17F}\":1}") { $0.find("params", in: $1) == nil } == true)
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":1}"#, #"{"\u0061":1,"a":1}"#, #"{"\u0061":1,"\u0061":1}"#, #"{"":1,"":2}"#,
        #"{"a/b":1,"a\/b":1}"#,
        #"{"é":1,"\u00e9":1}"#, #"{"😀":1,"\ud83d\ude00":1}"#, #"{"a":1,"b":2,"c":3,"a":4}"#, #"{"\n":1,"\u000a":1}"#,
    ])
    func sameKeysAreRefused(_ text: String) {
        #expect(scan(text) { _, _ in true } == nil)
    }

    @Test func sameKeysAreFoundAmongMany() {
        for count in [2, 15, 16, 17, 18, 40] {
            let keys = (0..<count).map { "\"k\($0)\":0" }
            #expect(scan("{" + keys.joined(separator: ",") + "}") { fields, _ in fields.list.count } == count)
            for again in [0, count / 2, count - 1] {
                #expect(scan("{" + (keys + [keys[again]]).joined(separator: ",") + "}") { _, _ in true } == nil)
            }
        }
    }

    @Test(arguments: [
        "", "[]", "1", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{1:1}", "{\"a\" 1}",
        "{\"a\":}",
    ])
    func brokenObjectsAreRefused(_ text: String) {
        #expect(scan(text) { _, _ in true } == nil)
    }

    @Test func arrays() {
        func elements(_ text: String) -> [String]? {
            let bytes = Array(text.utf8)
            return bytes.withUnsafeBytes { buffer in
                var scanner = JSONScanner(buffer)
                return try? scanner.scanArray().map { String(decoding: buffer[$0], as: UTF8.self) }
            }
        }
        #expect(elements(#" [ 1 ,"a", { "b":[ ] } ,[]]"#) == ["1", #""a""#, #"{ "b":[ ] }"#, "[]"])
        #expect(elements("[ ]") == [])
        for text in ["", "{}", "[", "[1", "[1,", "[1,]", "[,1]", "[1}", "[1 2]"] {
            #expect(elements(text) == nil, "\(text)")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(decoding: utf8.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed(), as: UTF8.self)
    }
}
