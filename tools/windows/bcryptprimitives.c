// What the Go runtime asks of Windows and Wine 8 does not have, as the library that
// every Go program loads first. Wine 9 has all of it.
#include <windows.h>
#include <string.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG size); // RtlGenRandom

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) { return SystemFunction036(buffer, size); }

// Go removes a file by a call that Wine answers with "not implemented", which Windows
// never does. With the answer of an old Windows, "no such call", Go does it the old way.
typedef LONG(NTAPI *setter)(HANDLE, PVOID, PVOID, ULONG, INT);

enum { dispositionEx = 64, notImplemented = 0xC0000002, noSuchClass = 0xC0000003 };

static setter original;

static LONG NTAPI set(HANDLE file, PVOID status, PVOID info, ULONG size, INT class) {
	LONG answer = original(file, status, info, size, class);
	return class == dispositionEx && answer == (LONG)notImplemented ? (LONG)noSuchClass : answer;
}

// The code of a system call is short and may be moved: a copy of it becomes the
// original, and the call itself a jump to ours.
BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID reserved) {
	enum { codeSize = 32 };
	BYTE jump[] = {0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xE0}; // mov rax, set; jmp rax
	setter ours = set;
	DWORD old;
	if (reason != DLL_PROCESS_ATTACH) return TRUE;
	BYTE *code = (BYTE *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtSetInformationFile");
	BYTE *copy = VirtualAlloc(NULL, codeSize, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
	if (!code || !copy || !VirtualProtect(code, codeSize, PAGE_EXECUTE_READWRITE, &old)) return FALSE;
	memcpy(copy, code, codeSize);
	original = (setter)copy;
	memcpy(jump + 2, &ours, sizeof ours);
	memcpy(code, jump, sizeof jump);
	return TRUE;
}
