import GateCore
import GateProtocol
import GateTestKit
import Testing

@testable import GateAuth

/// Signatures of others: the examples of RFC 7515 and RFC 8037.
@Suite struct VectorTests {
    private static let rsa =
        #"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#
    private static let elliptic =
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
    private static let edwards =
        #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    private static let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    @Test(arguments: [
        (
            rsa, "eyJhbGciOiJSUzI1NiJ9." + claims,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
        (
            elliptic, "eyJhbGciOiJFUzI1NiJ9." + claims,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        (
            edwards, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ])
    func signaturesOfTheStandardsAreVerified(_ key: String, _ signed: String, _ signature: String) throws {
        let key = try #require(JSONWebKey(try JSONValue(parsing: key)))
        let good = try #require(Base64.decodeURL(signature.utf8))
        #expect(key.key.verifies(good, of: Array(signed.utf8)))
        for index in good.indices {
            var bad = good
            bad[index] ^= 1
            #expect(!key.key.verifies(bad, of: Array(signed.utf8)), "byte \(index)")
        }
        #expect(!key.key.verifies(good, of: Array((signed + "x").utf8)))
        for wrong in [[], good.dropLast(), good + [0], [0] + good] {
            #expect(!key.key.verifies(Array(wrong), of: Array(signed.utf8)), "\(wrong.count) bytes")
        }
    }

    /// In DER a signature has many spellings, in JWS one; OpenSSL gets it in DER.
    @Test func numbersAreWrittenInTheShortestWay() {
        #expect(DER.integer([0, 0, 0x7F]) == [2, 1, 0x7F])
        #expect(DER.integer([0x80]) == [2, 2, 0, 0x80])
        #expect(DER.integer([0, 0]) == [2, 1, 0])
        #expect(DER.integer([UInt8](repeating: 1, count: 300)).prefix(4) == [2, 0x82, 1, 0x2C])
    }
}
